"""Which questions a wish is asked, in the contract's order: the first one that has something to say refuses it.

Stop and level are asked nothing.
"""

from typing import Final

from . import questions as ask
from .model import Reason, Verb, Wish
from .questions import BUSY, FROM, Question, Situation

__all__ = ["ASKED", "BUSY", "FROM", "QUESTIONS", "Situation", "refuse"]

QUESTIONS: Final[dict[Reason, Question]] = {
    Reason.UNKNOWN_PRESET: ask.unknown_preset,
    Reason.UNKNOWN_PERSON: ask.unknown_person,
    Reason.RETAINED: ask.retained,
    Reason.EXPIRED: ask.expired,
    Reason.DUPLICATE: ask.duplicate,
    Reason.LOCKED: ask.locked,
    Reason.LINK_DOWN: ask.link_down,
    Reason.ESTOP: ask.estop,
    Reason.FAULT_LATCHED: ask.fault_latched,
    Reason.NOT_OCCUPIED: ask.not_occupied,
    Reason.ANKLES_OPEN: ask.ankles_open,
    Reason.CHECKLIST_DUE: ask.checklist_due,
    Reason.BUDGET_SPENT: ask.budget_spent,
    Reason.REST_NEEDED: ask.rest_needed,
    Reason.BUSY: ask.busy,
    Reason.NOT_ARMED: ask.not_armed,
    Reason.TOO_SOON: ask.too_soon,
    Reason.OVER_ANGLE: ask.over_angle,
    Reason.OVER_TIME: ask.over_time,
    Reason.NOT_LEVEL: ask.not_level,
    Reason.PAUSE_FIRST: ask.pause_first,
}
"""In the order of the contract."""

_R = Reason
_FRESH: Final = frozenset({_R.RETAINED, _R.EXPIRED, _R.DUPLICATE})
_ANY: Final = _FRESH | {_R.LOCKED, _R.LINK_DOWN}
_PERSON: Final = _ANY | {_R.ESTOP, _R.FAULT_LATCHED, _R.NOT_OCCUPIED, _R.ANKLES_OPEN}
_BEGIN: Final = _PERSON | {
    _R.UNKNOWN_PERSON, _R.CHECKLIST_DUE, _R.BUDGET_SPENT, _R.REST_NEEDED, _R.BUSY, _R.NOT_ARMED, _R.TOO_SOON,
    _R.NOT_LEVEL,
}  # fmt: skip
_KEPT: Final = _FRESH | {_R.LOCKED, _R.BUSY}
ASKED: Final[dict[Verb, frozenset[Reason]]] = {
    Verb.ARM: _BEGIN,
    Verb.START: _BEGIN | {_R.UNKNOWN_PRESET, _R.OVER_ANGLE, _R.OVER_TIME},
    Verb.GOTO: _BEGIN | {_R.OVER_ANGLE, _R.PAUSE_FIRST},
    Verb.JOG: _BEGIN | {_R.PAUSE_FIRST},
    Verb.PAUSE: _ANY | {_R.BUSY},
    Verb.RESUME: _PERSON | {_R.BUSY, _R.TOO_SOON},
    Verb.SKIP: _PERSON | {_R.BUSY, _R.TOO_SOON},
    Verb.CHECKIN: _ANY | {_R.BUSY},
    Verb.STAND: _PERSON | {_R.BUSY, _R.TOO_SOON, _R.NOT_LEVEL, _R.PAUSE_FIRST},
    Verb.ACKNOWLEDGE: _ANY | {_R.ESTOP, _R.BUSY, _R.NOT_LEVEL},
    Verb.LOCK: _FRESH | {_R.LOCKED},
    Verb.UNLOCK: _FRESH,
    Verb.FEEDBACK: _KEPT,
    Verb.PEOPLE_SAVE: _KEPT,
    Verb.PEOPLE_DELETE: _KEPT,
    Verb.PEOPLE_ACCEPT: _KEPT | {_R.UNKNOWN_PERSON},
    Verb.HISTORY_GET: _FRESH | {_R.LOCKED},
    Verb.PRESETS_SAVE: _FRESH | {_R.LOCKED, _R.BUSY},
    Verb.PRESETS_DELETE: _FRESH | {_R.UNKNOWN_PRESET, _R.LOCKED, _R.BUSY},
    Verb.DISCOVERY_REMOVE: _FRESH | {_R.LOCKED},
    Verb.STOP: frozenset(),
    Verb.LEVEL: frozenset(),
}
"""Which questions each verb is asked. What speaks against a preset itself, its own desk says (`preset_wishes`)."""


def refuse(wish: Wish, situation: Situation) -> tuple[Reason, str] | None:
    """The first reason, in the contract's order, that refuses this wish, with its sentence."""
    asked = ASKED[wish.verb]
    for reason, question in QUESTIONS.items():
        if reason in asked:
            message = question(wish, situation)
            if message is not None:
                return reason, message
    return None
