"""What a command about people says, as a value: the body of its wish. ProfileError for what can't be."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from .profile import Profile, ProfileError, read_profile
from .programme import weeks

OUTCOMES: Final = ("ok", "symptom")
"""What may be answered after a session."""
SAVE_KEYS: Final = ("person", "name", "height_cm", "weight_kg", "angle_deg", "programme", "week")
"""`person` is the profile's id: `id` is the command's."""


class Save(NamedTuple):
    """A profile to be saved. `programme`: begin or leave it, None: as it is. `week`: go back to this one."""

    profile: Profile
    programme: bool | None
    week: int | None


def read_save(fields: Mapping[str, object]) -> Save:
    """What people/save says. Whole numbers may come as floats."""
    named = {"id" if key == "person" else key: value for key, value in fields.items()}
    programme, week = named.pop("programme", None), named.pop("week", None)
    if not isinstance(programme, bool | None):
        raise ProfileError("programme", "must be true or false")
    if week is not None and (
        isinstance(week, bool) or not isinstance(week, int | float) or week not in range(1, weeks() + 1)
    ):
        raise ProfileError("week", f"must be a whole number from 1 to {weeks()}")
    try:
        profile = read_profile(named)
    except ProfileError as error:
        if error.key != "id":
            raise
        raise ProfileError("person", error.why) from None
    return Save(profile, programme, None if week is None else int(week))


def read_feedback(fields: Mapping[str, object]) -> str:
    """What feedback says."""
    outcome = fields.get("outcome")
    if outcome not in OUTCOMES:
        raise ProfileError("outcome", f"must be {' or '.join(OUTCOMES)}")
    return str(outcome)
