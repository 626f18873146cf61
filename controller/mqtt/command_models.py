"""What each command may carry, as models: the source of the AsyncAPI document and of the table in docs/mqtt.md.

`commands.parse` judges what comes; a test holds the two together, verb by verb and key by key.
"""

from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from ..preset_draft import NOW
from ..preset_file import Pattern
from ..profile import Profile
from ..programme import weeks
from .commands import MAX_ANGLE_DEG, MAX_CODE, MAX_ID, MAX_LAST
from .payloads import Untitled

Schema = dict[str, Any]
NAME: Final = "^[a-z0-9_-]{1,32}$"
_Name = Annotated[str, Field(pattern=NAME)]
_Pin = Annotated[str, Field(pattern="^[0-9]{4,8}$")]


class Common(TypedDict):
    """What every command may carry beside its argument."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    id: NotRequired[Annotated[str, Field(max_length=MAX_ID, description="yours; the result repeats it")]]
    code: NotRequired[Annotated[str, Field(max_length=MAX_CODE, description="the arm code from the state")]]
    expires: NotRequired[Annotated[float, Field(description="Unix seconds; a command that arrives later is refused")]]


class OfPerson(Common):
    """For somebody with a profile, or else for a guest."""

    person: NotRequired[_Name]


class OfPreset(OfPerson):
    """A preset to play."""

    preset: _Name


class OfAngle(OfPerson):
    """An angle to go to."""

    angle_deg: Annotated[float, Field(ge=-MAX_ANGLE_DEG, le=MAX_ANGLE_DEG, description="degrees of inversion")]


class OfDirection(OfPerson):
    """Which way to jog."""

    direction: Literal["up", "down", "stop"]


class OfPin(Common):
    """The PIN of the child lock."""

    pin: Annotated[_Pin, Field(description="4 to 8 digits in quotes")]


class OfSomebody(Common):
    """A profile's id."""

    person: _Name


class OfOutcome(Common):
    """How the last session was."""

    outcome: Literal["ok", "symptom"]


class OfNumber(Common):
    """How many sessions to show."""

    last: NotRequired[Annotated[int, Field(ge=1, le=MAX_LAST)]]


class OfOwnPreset(Common):
    """An own preset's id."""

    preset: _Name


def object_schema(carries: type, ref: str) -> Schema:
    """The JSON Schema of a command's object. `ref`: where the definition of a {model} will be found."""
    schema: Schema = TypeAdapter(carries).json_schema(ref_template=ref, schema_generator=Untitled)
    if carries is Profile:
        return _saved_profile(schema)
    if carries is Pattern:
        return _saved_pattern(schema)
    return schema


def _saved_profile(schema: Schema) -> Schema:
    """people/save: the profile's id is called `person`, because `id` is the command's."""
    own = {"person" if key == "id" else key: value for key, value in schema["properties"].items()}
    own["programme"] = {"type": "boolean", "description": "true begins the programme, false leaves it"}
    own["week"] = {"type": "integer", "minimum": 1, "maximum": weeks(), "description": "goes back to this week"}
    required = ["person" if key == "id" else key for key in schema["required"]]
    return schema | {"description": "A profile.", "properties": own | _common(), "required": required}


def _saved_pattern(schema: Schema) -> Schema:
    """presets/save: with its id, a basis that may be left out, and steps that may take the angle of now."""
    angle = schema["$defs"]["StepRow"]["properties"]["angle_deg"]
    angle["anyOf"] = [{key: angle.pop(key) for key in ("type", "minimum", "maximum")}, {"const": NOW}]
    required = ["preset", *(key for key in schema["required"] if key != "basis")]
    own = {"preset": {"type": "string", "pattern": NAME}} | schema["properties"]
    return schema | {"description": "A preset.", "properties": own | _common(), "required": required}


def _common() -> Schema:
    found: Schema = TypeAdapter(Common).json_schema(schema_generator=Untitled)["properties"]
    return found
