"""H3: the angle at which the controller counts time that it did not see."""

import pytest

from controller.core import PortLost

from .rig import Rig


def session_s(rig: Rig) -> float:
    return rig.core.conduct.meter.session_s


@pytest.mark.parametrize(("head_down", "charged_s"), [(True, 1.0), (False, 0.0)])
def test_an_angle_that_is_not_trusted_counts_as_the_steepest_when_the_link_goes(
    head_down: bool, charged_s: float
) -> None:
    """F8: sensors that show 2° and are wrong; the side is known. The unit counts whole seconds, so one may be due."""
    rig = Rig(2.0 if head_down else -2.0)
    rig.unit.trusted, rig.unit.rung = False, 3
    rig.run(1.0)
    counted_s = session_s(rig)
    rig.step(PortLost("Unplugged."))
    for _ in range(100):
        rig.step(deaf=True)
    rig.unit.trusted, rig.unit.rung = True, 2
    rig.unit.place(0.0)
    rig.run(0.2)
    assert rig.core.estimate is not None
    assert session_s(rig) - counted_s == pytest.approx(charged_s, abs=0.05)
