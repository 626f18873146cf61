"""What is kept of people: the same comes back, and whatever else a file holds is said and left alone."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller import people_file, profile, small_file
from controller.profile import Played, Profile, ProfileError, Register, RegisterError, dump, parse, read_profile
from controller.programme import Earned, Moment

ANA = Profile(id="ana", name="Ana", height_cm=168.0, weight_kg=62.0, angle_deg=20.0)
REGISTER = Register(
    {"ana": ANA},
    {"ana": Earned(2, 1.5, 3, 99.5, 1, Moment(100.0, 1.8e9))},
    {"ana": Moment(5.0)},
    Played("7-1", "programme", "ana", 2, Moment(100.0, None), True, "ok"),
)
TEXT = dump(REGISTER)


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "home.people.json"
    assert people_file.read(path) == (Register(), "")
    for register in (REGISTER, Register()):
        small_file.write(path, dump(register))
        assert people_file.read(path) == (register, "")


WRONG = {
    "": "Invalid JSON",
    "[]": "object",
    "{}": "version",
    TEXT[:-9]: "Invalid JSON",
    TEXT.replace('"version": 1', '"version": 2'): "version",
    TEXT.replace("168.0", "250"): "profiles.ana.height_cm",
    TEXT.replace('"id": "ana"', '"id": "ben"'): "holds the profile of ben",
    TEXT.replace('"week": 2,\n   "began', '"week": 8,\n   "began'): "no such week",
    TEXT.replace('"week": 2,\n   "began', '"week": 0,\n   "began'): "no such week",
    TEXT.replace('"days": 3', '"days": "3"'): "days",
    TEXT.replace('"days": 3', '"days": -1'): "no such week",
    TEXT.replace("99.5", "NaN"): "number",
    TEXT.replace("99.5", "-Infinity"): "number",
    TEXT.replace('"answer": "ok"', '"answer": "fine"'): "answer",
    TEXT.replace('"last": {', '"last": {"x": 1, '): "x",
    " " * (256 * 1024) + TEXT: "larger than 256 KiB",
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_file_that_is_out_of_order_is_told_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "home.people.json"
    path.write_text(text, "utf-8")
    register, why = people_file.read(path)
    assert register == Register()
    assert str(path) in why
    assert WRONG[text].lower() in why.lower()
    assert "Everybody is a guest" in why
    assert path.read_text("utf-8") == text


def test_one_that_can_not_be_read_at_all(tmp_path: Path) -> None:
    path = tmp_path / "home.people.json"
    path.mkdir()
    assert "can't be read" in people_file.read(path)[1]
    path.rmdir()
    path.write_bytes(b"\xff")
    assert "not UTF-8" in people_file.read(path)[1]


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60) | st.tuples(st.integers(0, len(TEXT)), st.text(max_size=3)).map(
    lambda cut: TEXT[: cut[0]] + cut[1] + TEXT[cut[0] + 1 :]
))  # fmt: skip
def test_whatever_a_file_holds_is_believed_or_refused(text: str) -> None:
    try:
        register = parse(text)
    except RegisterError:
        return
    assert parse(dump(register)) == register


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"height_cm": 146.9}, "height_cm: must be from 147 to 198 cm"), ({"height_cm": 198.1}, "from 147 to 198"),
        ({"weight_kg": 136.5}, "weight_kg: must be from 30 to 136 kg"), ({"weight_kg": 29}, "from 30 to 136"),
        ({"weight_kg": float("nan")}, "from 30 to 136"), ({"angle_deg": 60.5}, "from 0 to 60 degrees"),
        ({"angle_deg": -1}, "from 0 to 60"), ({"id": "Ana"}, "id: must be 1 to 32 of"), ({"id": "*"}, "id: must be"),
        ({"name": "x" * 65}, "1 to 64 letters"), ({"blood": "A"}, "blood: is not a known key"),
    ],
)  # fmt: skip
def test_a_profile_that_can_not_be(changes: dict[str, object], wrong: str) -> None:
    given = {"id": "ana", "name": "Ana", "height_cm": 168, "weight_kg": 62} | changes
    with pytest.raises(ProfileError, match=wrong):
        read_profile(given)


def test_the_edges_of_what_makers_allow() -> None:
    for height, weight in ((147, 30), (198, 136)):
        assert read_profile({"id": "a", "name": "A", "height_cm": height, "weight_kg": weight}).weight_kg == weight
    assert profile.MOST == 32
