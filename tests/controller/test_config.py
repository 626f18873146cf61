"""The configuration: everything that can be said, and every way to say it wrong (F23, H12)."""

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from controller import limits
from controller.config import Config, ConfigError, Mqtt, broker_address, load
from controller.model import Limit

EVERYTHING = """
[table]
id = "attic-2"
name = "Die Bank im Dachgeschoß"
port = "/dev/ttyUSB0"
[mqtt]
broker = "mqtts://broker.lan"
base = "home/bascule"
version = "5"
username = "ana"
password_file = "secret"
ca_file = "ca.pem"
cert_file = "cert.pem"
key_file = "key.pem"
remote_start = true
[limits]
angle_deg = 45
rate_dps = 2.5
acceleration_dps2 = 0.5
session_head_down_s = 600
day_head_down_s = 900
rest_s = 7200
sessions_per_day = 2
[session]
arming = "button"
local_stop = true
[data]
folder = "data"
keep_days = 30
[control]
realtime_priority = 10
[log]
level = "debug"
format = "json"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    for name in ("secret", "ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("hunter2")
    return tmp_path / "bascule.toml"


def problems(file: Path, text: str | bytes, **options: object) -> list[str]:
    """What is wrong with it, without the name of the file."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as raised:
        load(file, {key.replace("__", "."): value for key, value in options.items()})
    lines = str(raised.value).splitlines()
    assert len(lines) == len(raised.value.problems)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/var/data")
    config = load(None)
    assert config.model_dump() == {
        "table": {"id": "home", "name": "Inversion table", "port": None},
        "mqtt": {
            "broker": "mqtt://127.0.0.1:1883", "base": "bascule", "version": "3.1.1", "username": None,
            "password_file": None, "ca_file": None, "cert_file": None, "key_file": None, "remote_start": False,
        },
        "limits": dict.fromkeys((field.name for field in fields(limits.Limits)), None),
        "session": {"arming": "phone", "check_in_s": 120.0, "local_stop": False},
        "data": {"folder": Path("/var/data/bascule"), "keep_days": 90},
        "control": {"realtime_priority": 0},
        "log": {"level": "info", "format": "text"},
        "people": [],
    }  # fmt: skip
    assert config.limits.layer() == limits.DEFAULTS
    assert load(None, {"table.id": None}) == config


def test_an_empty_file_is_the_defaults(file: Path) -> None:
    file.write_text("")
    assert load(file) == load(None)


def test_the_users_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/ana")
    assert load(None).data.folder == Path("/home/ana/.local/share/bascule")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert load(None).data.folder == Path("/var/lib/bascule")


def test_everything_that_can_be_said(file: Path) -> None:
    file.write_text(EVERYTHING, "utf-8-sig")
    config = load(file)
    assert config.table.name == "Die Bank im Dachgeschoß"
    assert config.mqtt.version == "5"
    assert config.mqtt.password_file == file.parent / "secret"
    assert config.data.folder == file.parent / "data"
    assert config.control.realtime_priority == 10
    combined = limits.combine(config.limits.layer())
    for key, value in config.limits:
        assert getattr(combined, key) == Limit(float(value), "configuration")
    assert load(file, {}) == config


def test_no_password_is_ever_shown(file: Path) -> None:
    file.write_text(EVERYTHING)
    assert "hunter2" not in f"{load(file)} {load(file)!r}"


def test_the_configuration_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load(None).table.id = "other"


def test_options_win_over_the_file(file: Path) -> None:
    file.write_text(EVERYTHING)
    options = {"table.id": "demo", "table.port": "sim://", "mqtt.broker": "mqtts://bob@[::1]:8884", "data.folder": "d"}
    config = load(file, options)
    assert (config.table.id, config.table.port) == ("demo", "sim://")
    assert config.mqtt.user == "bob", "the address names the user, so the file's is not meant"
    assert config.data.folder == Path("d"), "an option's path starts where the command was typed"
    assert config.table.name == "Die Bank im Dachgeschoß"
    assert load(file, {"mqtt.broker": "mqtts://other"}).mqtt.user == "ana"


def test_an_option_can_replace_what_is_wrong_in_the_file(file: Path) -> None:
    file.write_text('[table]\nid = "Attic"')
    assert load(file, {"table.id": "attic"}).table.id == "attic"


def test_a_wrong_option_is_not_blamed_on_the_file(file: Path) -> None:
    options = {"table__id": "UP", "mqtt__broker": "mqtt://ana:hunter2@lan"}
    assert problems(file, "[limits]\nangle_deg = 61", **options) == [
        'command line: [table] id: "UP": must be 1 to 32 of a–z, 0–9, _ and -',
        "command line: [mqtt] broker: "
        '"mqtt://…@lan": a password doesn\'t belong in the address; put it into a file and name that as password_file',
        "[limits] angle_deg: 61: must be from 0 to 60 degrees; a limit can only be tightened",
    ]


def test_a_user_may_stand_in_the_address(file: Path) -> None:
    file.write_text('[mqtt]\nbroker = "mqtt://an%40a@lan"\npassword_file = "secret"')
    assert load(file).mqtt.user == "an@a"


WRONG = {
    "[table]\nid = ''": '[table] id: "": must be 1 to 32 of a–z, 0–9, _ and -',
    "[table]\nid = 'a\\n'": '[table] id: "a\\\\n": must be 1 to 32 of a–z, 0–9, _ and -',
    '[table]\nid = "a\\n"': '[table] id: "a\\n": must be 1 to 32 of a–z, 0–9, _ and -',
    "[table]\nid = 'ä'": '[table] id: "ä": must be 1 to 32 of a–z, 0–9, _ and -',
    "[table]\nid = 3": "[table] id: 3: must be 1 to 32 of a–z, 0–9, _ and -",
    "[table]\nname = ''": '[table] name: "": must be 1 to 64 letters',
    '[table]\nname = "a\\u0007b"': '[table] name: "a\\u0007b": must not contain control characters',
    "[table]\nport = ''": '[table] port: "": must be a port, 1 to 255 letters',
    "[mqtt]\nbroker = 1883": "[mqtt] broker: 1883: must be mqtt://[user@]host[:port]",
    "[mqtt]\nversion = 5": "[mqtt] version: 5: must be '3.1.1' or '5'",
    "[mqtt]\nversion = '4'": "[mqtt] version: \"4\": must be '3.1.1' or '5'",
    "[mqtt]\nusername = ''": '[mqtt] username: "": must be 1 to 256 letters',
    "[mqtt]\nremote_start = 1": "[mqtt] remote_start: 1: must be true or false",
    "[mqtt]\nremote_start = 'true'": '[mqtt] remote_start: "true": must be true or false',
    "[mqtt]\nca_file = ''": '[mqtt] ca_file: "": must be a path',
    "[mqtt]\nca_file = 7": "[mqtt] ca_file: 7: must be a path",
    '[mqtt]\nca_file = "a\\u0000"': '[mqtt] ca_file: "a\\u0000": must be a path',
    "[mqtt]\nca_file = '~nobody-here/x'": '[mqtt] ca_file: "~nobody-here/x": there is no such home folder',
    "[mqtt]\nca_file = 'ca.pem'": "[mqtt] ca_file: is of use only when the broker's address begins with mqtts://",
    "[mqtt]\npassword_file = 'secret'": "[mqtt] password_file: a password needs a username",
    "[mqtt]\nbroker = 'mqtts://h'\nkey_file = 'key.pem'": "[mqtt] key_file: a key needs a cert_file",
    "[mqtt]\nbroker = 'mqtt://bob@h'\nusername = 'ana'": '[mqtt] username: "ana": the broker\'s address names another '
    'user, "bob"',
    "[mqtt]\npassword = 'hunter2'": "[mqtt] password: unknown key; did you mean password_file?",
    "[mqtt]\nlocal_stop = true": "[mqtt] local_stop: unknown key; it belongs in [session]",
    "[limits]\nangel_deg = 3": "[limits] angel_deg: unknown key; did you mean angle_deg?",
    "[limits]\nAngle_Deg = 3": "[limits] Angle_Deg: unknown key; did you mean angle_deg?",
    "[log]\ncolour = 3": "[log] colour: unknown key; known keys are level, format",
    "[session]\narming = 'voice'": "[session] arming: \"voice\": must be 'phone' or 'button'",
    "[session]\ncheck_in_s = 29": ("[session] check_in_s: 29: must be 0, which asks nobody, or from 30 to 300 seconds"),
    "[session]\ncheck_in_s = 300.5": (
        "[session] check_in_s: 300.5: must be 0, which asks nobody, or from 30 to 300 seconds"
    ),
    "[session]\ncheck_in_s = -1": "[session] check_in_s: -1: must be 0, which asks nobody, or from 30 to 300 seconds",
    "[session]\ncheck_in_s = false": "[session] check_in_s: false: must be a number of seconds",
    "[data]\nkeep_days = 0": "[data] keep_days: 0: must be a whole number from 1 to 3650",
    "[data]\nkeep_days = 1.5": "[data] keep_days: 1.5: must be a whole number from 1 to 3650",
    "[data]\nfolder = 2024-01-01": '[data] folder: "2024-01-01": must be a path',
    "[control]\nrealtime_priority = 100": "[control] realtime_priority: 100: must be a whole number from 0 to 99",
    "[control]\nrealtime_priority = -1": "[control] realtime_priority: -1: must be a whole number from 0 to 99",
    "[control]\nrealtime_priority = true": "[control] realtime_priority: true: must be a whole number from 0 to 99",
    "[log]\nlevel = 'loud'": "[log] level: \"loud\": must be 'debug', 'info', 'warning' or 'error'",
    "[log]\nformat = 'xml'": "[log] format: \"xml\": must be 'text' or 'json'",
    "log = 3": "log: must be a section, [log], with keys below it",
    "[[limits]]\nangle_deg = 3": "limits: must be a section, [limits], with keys below it",
    "[sesion]\nlocal_stop = true": "sesion: unknown section; did you mean session?",
    "[people]\nname = 'ana'": "people: must be tables, [[people]], one for each of at most 32 people",
    "[[people]]\nid = 'ana'\nname = 'Ana'\nheight_cm = 168\nweight_kg = 140": "[people] number 1, weight_kg: must be "
    "from 30 to 136 kg, which is what makers of tables usually allow; look into the manual of yours",
    "[[people]]\nid = 'guest'\nname = 'Ana'\nheight_cm = 168\nweight_kg = 62": "[people] number 1, id: guest is "
    "whoever has no profile; choose another id",
    "[[people]]\nid = 'ana'\nname = 'Ana'\nheight_cm = 168\nweight_kg = 62\nweek = 3": "[people] number 1, week: is "
    "not a known key; known keys are id, name, height_cm, weight_kg, angle_deg, programme",
    2 * "[[people]]\nid = 'ana'\nname = 'Ana'\nheight_cm = 168\nweight_kg = 62\n": '[people] number 2, id: "ana": '
    "there is one with this id above",
    "angle_deg = 3": "angle_deg: unknown key; it belongs in [limits]",
    "depth = 3": "depth: unknown key; known sections are table, mqtt, limits, session, data, control, log, people",
    '"a\\nb" = 3': "a�b: unknown key; known sections are table, mqtt, limits, session, data, control, log, people",
    b"[table]\nname = '\xe4'": "is not UTF-8 (line 2); save it as UTF-8",
    b"#" * (64 * 1024 + 1): "is larger than 64 KiB",
    "a = " + "[" * 30_000: "is nested too deeply",
}


@pytest.mark.parametrize(("text", "problem"), WRONG.items(), ids=[str(text)[:40] for text in WRONG])
def test_each_problem_is_one_plain_line(file: Path, text: str | bytes, problem: str) -> None:
    assert problems(file, text) == [problem]


@pytest.mark.parametrize("text", ["[table]\n[[[", "[table]\nid = ", "id = 1\nid = 2", "\n[table", "\nd = 2024-13-01"])
def test_what_is_not_toml_is_told_with_its_line(file: Path, text: str) -> None:
    [line] = problems(file, text)
    assert line.startswith("is not valid TOML: ")
    assert "line 2" in line


RANGES = {
    "angle_deg": ("from 0 to 60 degrees", [-0.1, 60.1, 90]),
    "rate_dps": ("from 0.5 to 3 degrees a second", [0, 0.49, 3.01]),
    "acceleration_dps2": ("from 0.25 to 1 degrees a second squared", [0, 0.24, 1.01]),
    "session_head_down_s": ("from 0 to 900 seconds", [-1, 901]),
    "day_head_down_s": ("from 0 to 1200 seconds", [-1, 1201]),
    "rest_s": ("from 3600 to 86400 seconds", [0, 3599, 86_401]),
    "sessions_per_day": ("from 0 to 3, a whole number", [-1, 4, 2.0]),
}


@pytest.mark.parametrize("key", RANGES)
def test_a_limit_beyond_the_hard_one_names_key_value_and_range(file: Path, key: str) -> None:
    """F23, H12."""
    allowed, values = RANGES[key]
    shown = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "true": "true", "'3'": '"3"', "[3]": "[3]"}
    shown |= {str(value): str(value) for value in values}
    for text, told in shown.items():
        assert problems(file, f"[limits]\n{key} = {text}") == [
            f"[limits] {key}: {told}: must be {allowed}; a limit can only be tightened"
        ]


def test_every_limit_has_its_range_tested_and_takes_its_ends(file: Path) -> None:
    assert list(RANGES) == [field.name for field in fields(limits.Limits)]
    file.write_text("[limits]\nangle_deg = 0\nrate_dps = 0.5\nrest_s = 86400\nsessions_per_day = 0\n")
    assert load(file).limits.layer().angle_deg == Limit(0, "configuration")
    hard = "angle_deg = 60\nrate_dps = 3\nacceleration_dps2 = 1.0\nrest_s = 3600\nsessions_per_day = 3\n"
    file.write_text(f"[limits]\n{hard}session_head_down_s = 900\nday_head_down_s = 1200\n")
    assert limits.combine(load(file).limits.layer()) == limits.DEFAULTS


ENDS = {
    "table.name": ["a", "a" * 64],
    "table.port": ["a", "a" * 255],
    "mqtt.broker": ["mqtt://a", f"mqtt://{'a' * 505}"],
    "mqtt.base": ["a", "a" * 128],
    "mqtt.username": ["a", "a" * 256],
    "data.keep_days": [1, 3650],
}


@pytest.mark.parametrize("key", ENDS)
def test_the_ends_of_what_is_allowed(key: str) -> None:
    for value in ENDS[key]:
        load(None, {key: value})
    longest = ENDS[key][1]
    with pytest.raises(ConfigError):
        load(None, {key: longest + "a" if isinstance(longest, str) else longest + 1})


def test_a_file_of_64_kib_is_read(file: Path) -> None:
    file.write_bytes(b"#" * 64 * 1024)
    assert load(file) == load(None)


@pytest.mark.parametrize(
    "base", ["", "/", "/a", "a/", "+", "a/#", "a+b", "$SYS", "a\0b", "a" * 129, "a\nb"], ids=repr
)  # fmt: skip
def test_a_base_that_is_no_topic(base: str) -> None:
    with pytest.raises(ConfigError, match=r"command line: \[mqtt\] base"):
        load(None, {"mqtt.base": base})


@pytest.mark.parametrize("base", ["a", "a/b", "ab", "house/bascule", "größe", "a b", "a$"])
def test_a_base_that_is_a_topic(base: str) -> None:
    assert load(None, {"mqtt.base": base}).mqtt.base == base


def test_all_problems_are_told_at_once_up_to_a_bound(file: Path) -> None:
    text = "[table]\nid = 'A'\n[limits]\nangle_deg = 75\nrate = 3\n[mqtt]\nbase = '#'\n"
    assert [line.split(": ")[0] for line in problems(file, text)] == [
        "[table] id", "[mqtt] base", "[limits] angle_deg", "[limits] rate",
    ]  # fmt: skip
    assert len(problems(file, "".join(f"key{number} = 1\n" for number in range(3000)))) == 50


def test_long_values_and_names_are_cut(file: Path) -> None:
    [value, name] = problems(file, f"[table]\nid = '{'a' * 5000}'\n{'b' * 5000} = 1")
    assert len(value) < 200
    assert len(name) < 200
    [number] = problems(file, f"[table]\nid = 0x{'f' * 50_000}")
    assert number == "[table] id: this value: must be 1 to 32 of a–z, 0–9, _ and -"


def test_a_file_that_cant_be_read(tmp_path: Path) -> None:
    for name, why in (("none.toml", "No such file or directory"), ("", "Is a directory")):
        with pytest.raises(ConfigError) as raised:
            load(tmp_path / name)
        assert str(raised.value) == f"{tmp_path / name}: can't be read: {why}"


def test_files_that_are_named_must_be_there(file: Path) -> None:
    (file.parent / "ca.pem").unlink()
    (file.parent / "ca.pem").mkdir()
    (file.parent / "secret").unlink()
    lines = problems(file, EVERYTHING)
    assert [line.split(": ")[0] for line in lines] == ["[mqtt] password_file", "[mqtt] ca_file"]
    assert all(line.endswith(": there is no such file, or it can't be read") for line in lines)


ADDRESSES = {
    "mqtt://h": ("h", 1883, False, None),
    "mqtts://h": ("h", 8883, True, None),
    "MQTT://H:1": ("h", 1, False, None),
    "mqtt://h:65535/": ("h", 65535, False, None),
    "mqtts://ana@h:1884": ("h", 1884, True, "ana"),
    "mqtt://a%40b@h": ("h", 1883, False, "a@b"),
    "mqtt://[::1]:1885": ("::1", 1885, False, None),
    "mqtt://192.168.1.2": ("192.168.1.2", 1883, False, None),
}
NO_ADDRESSES = [
    "", "h", "h:1883", "tcp://h", "http://h", "mqtt:h", "mqtt:///", "mqtt://:1883", "mqtt://@h", "mqtt://h:0",
    "mqtt://h:65536", "mqtt://h:-1", "mqtt://h:x", "mqtt://h/topic", "mqtt://h?a=b", "mqtt://h#x", "mqtt://[::1",
    "mqtt://a b", " mqtt://h", "mqtt://h\n", "mqtt://h\0", "mqtt://a\\b", "mqtt://a%0ab@h", "mqtt://%00@h",
]  # fmt: skip
SECRETS = [
    "mqtt://ana:hunter2@h", "mqtts://ana:hunter2@h:1883", "mqtt://:hunter2@h", "mqtt://ana:hunter2@", "tcp://a:hunter2@h",
    "mqtt://ana:hun/hunter2@h", "mqtt://ana:hunter2", "mqtt://ana:hun@hunter2@h", "mqtt://ana:h#hunter2@h",
    "mqtt://ana:hunter2@h:x", "mqtt://ana:hunter2\n@h",
]  # fmt: skip


@pytest.mark.parametrize(("url", "address"), ADDRESSES.items())
def test_a_brokers_address(url: str, address: tuple[str, int, bool, str | None]) -> None:
    assert broker_address(url) == address
    assert load(None, {"mqtt.broker": url}).mqtt.broker == url


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_brokers_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be mqtt://\[user@\]host\[:port\] or mqtts://…"):
        broker_address(url)
    with pytest.raises(ConfigError, match=r"\[mqtt\] broker"):
        load(None, {"mqtt.broker": url})


@pytest.mark.parametrize("url", SECRETS)
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"password_file|must be mqtt") as raised:
        broker_address(url)
    assert "hunter2" not in str(raised.value)
    for options in ({"mqtt.broker": url}, {"mqtt.broker": [url]}, {"table.id": url}):
        with pytest.raises(ConfigError) as told:
            load(None, options)
        assert "hunter2" not in str(told.value)
        assert "hunter2" not in repr(told.value.__cause__)
    with pytest.raises(ValidationError) as model:
        Mqtt(broker=url)
    assert "hunter2" not in str(model.value)


keys = st.sampled_from([key for section, model in Config() for key, _ in model] + ["table", "limits", "x"])
values = st.sampled_from(
    ["1", "0.5", "nan", "-inf", "true", '"x"', "'a'", "[1]", "{a=1}", "1979-05-27", '"\\u0000"', "0x" + "f" * 30]
)
lines = st.one_of(
    st.sampled_from([f"[{section}]" for section, _ in Config()] + ["[[limits]]", "[x]", "["]),
    st.builds("{} = {}".format, keys, values),
    st.text(max_size=10),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.lists(lines, max_size=8).map("\n".join).map(str.encode), st.binary(max_size=60)))
@example(b"[limits]\nangle_deg = " + b"9" * 5000)
@example(b"[limits]\nangle_deg = 0x" + b"f" * 5000)
@example(b"[limits]\nangle_deg = 1e999")
def test_any_file_gives_a_configuration_within_the_limits_or_plain_lines(file: Path, raw: bytes) -> None:
    """F23, H12: nothing else comes out, whatever goes in."""
    file.write_bytes(raw)
    try:
        config = load(file)
    except ConfigError as error:
        for line in str(error).split("\n"):
            assert line.startswith(f"{file}: ")
            assert line.isprintable()
            assert len(line) < 600 + len(str(file))
    else:
        layer = config.limits.layer()
        assert limits.combine(layer) == layer
