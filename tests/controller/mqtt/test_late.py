"""Which commands mean nothing any more when they were held up on their way."""

import pytest

from controller.model import Verb, Wish
from controller.mqtt.late import as_late

TIMELESS = {
    Verb.STOP, Verb.PAUSE, Verb.LOCK, Verb.UNLOCK, Verb.FEEDBACK, Verb.PEOPLE_SAVE, Verb.PEOPLE_DELETE,
    Verb.PEOPLE_ACCEPT, Verb.HISTORY_GET, Verb.PRESETS_SAVE, Verb.PRESETS_DELETE,
    Verb.DISCOVERY_REMOVE,
}  # fmt: skip


@pytest.mark.parametrize("verb", Verb)
def test_whatever_may_move_somebody_expires(verb: Verb) -> None:
    """F21. What is new and not listed here expires, or is listed on purpose."""
    wish = as_late(Wish(verb, id="7"))
    assert (wish.expired, wish.late) == ((False, False) if verb in TIMELESS else (True, True))
    assert wish.id == "7"
