"""A whole session of a real daemon against the released firmware on an emulated chip, and how far it was from its plan.

    python -m tests.emulated.whole back

plays it in real time: the daemon as a process of its own, a real broker, a real pty, a phone that answers the check-in.
With `--virtual` it is the controller's core and the chip joined in memory, as fast as the machine can.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from bascule.broker import EmbeddedBroker
from bascule.closed_loop import ClosedLoop
from controller import own_presets
from controller.conduct import Settings
from controller.model import EventKind, Verb
from controller.presets import Preset, bundled
from crashes.phone import Phone, RigError, until
from crashes.processes import START_S, Process, free_port, python
from tests.firmware.build import firmware_elf

from .table import ChipTable
from .trace import Figures, Sample, compare, read, sample

CHECK_IN_S: Final = 120.0
"""As the daemon asks by itself."""
MARGIN_S: Final = 60.0
OFF_DEG: Final = 0.5
LATE_S: Final = 0.5
"""A lease."""
HAND_S: Final = 1.3
"""Between arming and start: the second that belongs to a human hand."""


class Played(NamedTuple):
    """How a session went: how it ended and what was told of faults and limits, how long it took, and its figures."""

    outcome: str
    why: str
    faults: list[str]
    took_s: float
    meant_s: float
    figures: Figures

    @property
    def passed(self) -> bool:
        """Reached as planned, and in real time, if it was in it."""
        known = self.figures
        return (self.outcome == "reached" and not self.faults and known.hold_deg <= OFF_DEG and not known.resets
                and abs(self.took_s - self.meant_s) <= 1.0 and known.late_s < LATE_S)  # fmt: skip

    def told(self) -> str:
        """Lines for a person."""
        known = self.figures
        return "\n".join((
            f"outcome: {self.outcome}: {self.why}",
            f"faults, limits: {'; '.join(self.faults) or 'none'}; resets of the chip: {known.resets}",
            f"took {self.took_s:.1f} s, planned {self.meant_s:.1f} s",
            f"largest error: {known.hold_deg:.2f}° in holds, {known.ramp_deg:.2f}° on ramps",
            f"largest angle {known.largest_deg:.2f}°, fastest {known.fastest_dps:.2f} °/s",
            f"behind real time by {1000 * known.late_s:.0f} ms at worst",
        ))  # fmt: skip


def virtual(preset: Preset, start_deg: float = -80.0, own: str = "") -> Played:
    """The core and the chip in memory. `own`: a file of a person's own presets."""
    table = ChipTable(1, start_deg)
    loop = ClosedLoop(table=table, settings=Settings(check_in_s=CHECK_IN_S))  # type: ignore[arg-type]
    if own:
        loop.files[own_presets.FILE] = own
        loop.restart()
    samples: list[Sample] = []

    def ended() -> bool:
        samples.append(sample(table, loop.now_s))  # type: ignore[arg-type]
        if loop.events and loop.events[-1].kind is EventKind.CHECK_IN and loop.core.conduct.check_in.asked:
            loop.wish(Verb.CHECKIN)
        return any(event.kind is EventKind.SESSION_ENDED for event in loop.events)

    loop.run(1.0)
    answer = loop.arm_and(Verb.START, preset=preset.id)
    assert answer.accepted, answer.message
    began_s, meant_s = loop.now_s, preset.duration_s(start_deg)
    assert loop.run(meant_s + MARGIN_S, ended), f"it has not ended within {meant_s + MARGIN_S:.0f} s"
    told = {event.kind: event for event in loop.events}
    faults = [event.message for event in loop.events if event.kind in (EventKind.FAULT, EventKind.LIMIT)]
    last = told[EventKind.SESSION_ENDED]
    figures = compare(samples, began_s, preset, start_deg)
    return Played(str(last.outcome), str(last.why), faults, loop.now_s - began_s, meant_s, figures)


def real(preset: Preset, folder: Path, start_deg: float = -80.0) -> Played:
    """Processes, a pty and a broker, in real time. RigError if something does not come about."""
    link, trace = folder / "chip", folder / "trace"
    given = ("--elf", str(firmware_elf()), "--trace", str(trace), "--start-angle", str(start_deg))
    with EmbeddedBroker(free_port()) as broker, ExitStack() as started:
        unit = begin(started, "tests.emulated.serve", "--pty", str(link), *given)
        unit.says("An emulated chip", START_S)
        begin(started, "bascule", "run", "--port", str(link), "--broker", broker.url(), "--data", str(folder / "data"))
        phone = Phone(broker.port)
        started.callback(phone.close)
        phone.wait("state", lambda state: state["state"] in ("standing", "standby"), 0, START_S)
        began_s = start(phone, preset)
        last = answering(phone, preset.duration_s(start_deg) + MARGIN_S)
        took_s = time.monotonic() - began_s
    faults = [str(body["message"]) for topic, body in phone.heard if topic == "event" and body["kind"] in
              ("fault", "limit", "link_lost", "broker_lost")]  # fmt: skip
    figures = compare(read(trace), began_s, preset, start_deg)
    return Played(last["outcome"], last["why"], faults, took_s, preset.duration_s(start_deg), figures)


def begin(started: ExitStack, *command: str) -> Process:
    """A module of ours as a process, killed in the end: the session is over then, and a trace is whole by the line."""
    process = Process(*python(*command))
    started.callback(process.kill)
    return process


def start(phone: Phone, preset: Preset) -> float:
    """Arm, wait as a hand does, start; when that was."""
    until(lambda: phone.ask("arm")["accepted"], "armed, once unit and disk are ready", START_S)
    threading.Event().wait(HAND_S)
    answer = phone.ask("start", preset.id)
    if not answer["accepted"]:
        raise RigError(f"start: {answer['message']}")
    return time.monotonic()


def answering(phone: Phone, patience_s: float) -> dict[str, Any]:
    """Answer every check-in until the session has ended; what is told of its end."""
    begun = asked = len(phone.heard)
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        events = [body for topic, body in phone.heard[begun:] if topic == "event"]
        for event in events:
            if event["kind"] == "session_ended":
                return dict(event)
        if any(topic == "event" and body["kind"] == "check_in" for topic, body in phone.heard[asked:]):
            asked = len(phone.heard)
            phone.send("checkin")
        threading.Event().wait(0.05)
    raise RigError(f"the session has not ended within {patience_s:.0f} s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Play one and say how it went; 0 if it was as planned."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulated.whole", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("preset", choices=list(bundled()))
    parser.add_argument("--virtual", action="store_true", help="in virtual time, without processes")
    options = parser.parse_args(arguments)
    preset = bundled()[options.preset]
    try:
        if options.virtual:
            played = virtual(preset)
        else:
            with tempfile.TemporaryDirectory(prefix="bascule-chip-") as folder:
                played = real(preset, Path(folder))
    except (pytest.skip.Exception, RigError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(played.told())  # noqa: T201
    return 0 if played.passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
