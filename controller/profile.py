"""A person's profile, and everything that is kept about people, as the text of one file.

What a profile may say is the same in the configuration, over MQTT and in the file. Nothing about anybody's health is
kept but that they have read the checklist, and whether a session was answered with a symptom.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from .account import GUEST
from .limits import LARGEST_ANGLE_DEG
from .programme import Earned, Moment, weeks

FILE: Final = "people"
"""What `Keep` calls the file."""
VERSION: Final = 1
MOST: Final = 32
"""Chosen: more people than share a table; keeps file and sentences short."""
LARGEST_FILE: Final = 256 * 1024
"""Chosen: ten times what the most people need."""
TALLEST_CM: Final = 198
SHORTEST_CM: Final = 147
HEAVIEST_KG: Final = 136
"""Domain facts, what makers tell users: nobody else fits the ankle locks, or is carried (second hand)."""
LIGHTEST_KG: Final = 30
"""Chosen: less is a child, or a typing mistake."""
_MAKERS: Final = "which is what makers of tables usually allow; look into the manual of yours"


def _somebody(value: str) -> str:
    if value == GUEST:
        raise ValueError(f"{GUEST} is whoever has no profile; choose another id")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


class Profile(BaseModel):
    """Somebody by name. `angle_deg`: the largest angle that they want; None: what everybody gets.

    The descriptions say what is allowed, for the sentence about what is not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)

    id: Annotated[
        str,
        AfterValidator(_somebody),
        Field(pattern=r"^[a-z0-9_-]{1,32}$", description="1 to 32 of a–z, 0–9, _ and -"),
    ]
    name: Annotated[str, AfterValidator(_printable), Field(min_length=1, max_length=64, description="1 to 64 letters")]
    height_cm: Annotated[
        float, Field(ge=SHORTEST_CM, le=TALLEST_CM, description=f"from {SHORTEST_CM} to {TALLEST_CM} cm, {_MAKERS}")
    ]
    weight_kg: Annotated[
        float, Field(ge=LIGHTEST_KG, le=HEAVIEST_KG, description=f"from {LIGHTEST_KG} to {HEAVIEST_KG} kg, {_MAKERS}")
    ]
    angle_deg: Annotated[
        float | None, Field(ge=0, le=LARGEST_ANGLE_DEG, description=f"from 0 to {LARGEST_ANGLE_DEG:g} degrees")
    ] = None


class FixedProfile(Profile):
    """One that stands in the configuration, `[[people]]`."""

    programme: Annotated[bool, Field(description="true or false")] = False


class ProfileError(ValueError):
    """A profile that can't be: which key, and a sentence without a full stop."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}" if key else why)
        self.key = key
        self.why = why


def read_profile(fields: Mapping[str, object]) -> Profile:
    """A profile from its keys. ProfileError for the first thing that is wrong with it."""
    try:
        return Profile.model_validate(dict(fields))
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        key = str(error["loc"][0]) if error["loc"] else ""
        raise ProfileError(key, what_is_wrong(error, Profile)) from None


def what_is_wrong(error: Mapping[str, Any], form: type[Profile]) -> str:
    """What pydantic found, in our words."""
    key = str(error["loc"][-1])
    if error["type"] == "missing":
        return f"is missing; it must be {form.model_fields[key].description}"
    if error["type"] == "extra_forbidden":
        return f"is not a known key; known keys are {', '.join(form.model_fields)}"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"must be {form.model_fields[key].description}"


@dataclass(frozen=True, slots=True)
class Played:
    """The last session that began on this table. `week`: of the programme, if it was one.

    `ended`: None until it is over. `reached`: played to its end. `answer`: what was said after it.
    """

    session: str
    preset: str
    person: str
    week: int | None
    ended: Moment | None = None
    reached: bool = False
    answer: Literal["ok", "symptom"] | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """Everything that is kept about people, by id; immutable."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    earned: Mapping[str, Earned] = field(default_factory=dict)
    accepted: Mapping[str, Moment] = field(default_factory=dict)
    last: Played | None = None


class RegisterError(ValueError):
    """Text that no register was written as; a sentence without its beginning."""


class _Kept(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    profiles: Annotated[dict[str, Profile], Field(max_length=MOST)]
    earned: dict[str, Earned]
    accepted: dict[str, Moment]
    last: Played | None


_REGISTER: Final = TypeAdapter(Register)


def dump(register: Register) -> str:
    """The register as the text of its file."""
    kept = {"version": VERSION, **_REGISTER.dump_python(register, mode="json")}
    return json.dumps(kept, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def parse(text: str) -> Register:
    """The register that a file holds. RegisterError for one that can't be believed."""
    try:
        kept = _Kept.model_validate_json(text)
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        place = ".".join(str(part)[:40] for part in error["loc"])
        raise RegisterError(f"{place}: {error['msg']}" if place else error["msg"]) from None
    for key, profile in kept.profiles.items():
        if key != profile.id:
            raise RegisterError(f"profiles.{key[:40]}: holds the profile of {profile.id}")
    for key, earned in kept.earned.items():
        if not 1 <= earned.week <= weeks() + 1 or earned.days < 0 or earned.symptoms < 0:
            raise RegisterError(f"earned.{key[:40]}: there is no such week")
    register = Register(kept.profiles, kept.earned, kept.accepted, kept.last)
    try:
        dump(register)
    except ValueError:
        raise RegisterError("it holds a number that is none") from None
    return register
