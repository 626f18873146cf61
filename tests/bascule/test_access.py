"""Who may do what at a real mosquitto over TLS: every role with every verb that the code knows (H4)."""

from collections.abc import Iterator

import pytest

from bascule.setup_roles import Role
from controller.model import Verb
from controller.mqtt.payloads import DOCUMENTS

from .safe_broker import SafeBroker, needs_mosquitto, person, setup, wait_for

pytestmark = needs_mosquitto

WATCH = {"stop", "level"}
USE = WATCH | {
    "arm", "start", "goto", "jog", "pause", "resume", "skip", "checkin", "stand", "acknowledge", "lock", "unlock",
    "feedback", "people/accept",
}  # fmt: skip
MANAGE = USE | {"people/save", "people/delete", "history/get", "presets/save", "presets/delete", "discovery/remove"}
MAY = {
    "watch": WATCH, "use": USE, "manage": MANAGE, "bascule": {"_echo"}, "homeassistant": WATCH, "eve": USE,
}  # fmt: skip
NOT_AUTHORIZED = 135
"""MQTT 5, reason code 0x87."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SafeBroker]:
    """For the table home only."""
    people = [word for role in ("watch", "use", "manage") for word in ("--user", f"{role}={role}")]
    broker = SafeBroker(tmp_path_factory.mktemp("access"), "--table", "home", *people, "--user", "eve=use")
    broker.start()
    yield broker
    broker.stop()


def test_every_verb_has_a_role_here() -> None:
    assert set(Verb) == MANAGE, "a new verb: decide whose it is, in setup_roles.py and here"


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize("user", MAY)
def test_every_command_of_every_user(broker: SafeBroker, user: str, version: str) -> None:
    tried = [*Verb, "_echo", "frobnicate", "stop/now", "presets", "people/all"]
    with person(broker, "bascule") as table, person(broker, user, version=version) as somebody:
        table.hear("bascule/home/command/#")
        codes = {verb: somebody.say(f"bascule/home/command/{verb}", user.encode()) for verb in tried}
        for place in ("attic/command/stop", "home", "home/commands/stop", "any/command/stop"):
            somebody.say(f"bascule/{place}", user.encode())
        end = "_echo" if user == "bascule" else "stop"
        somebody.say(f"bascule/home/command/{end}", b"the end")
        wait_for(lambda: table.heard and table.heard[-1][1] == b"the end", "the last command")
        arrived = {topic.removeprefix("bascule/home/command/") for topic, said in table.heard if said != b"the end"}
    assert arrived == MAY[user]
    if version == "5":
        assert {verb for verb, code in codes.items() if code == NOT_AUTHORIZED} == set(tried) - MAY[user]


@pytest.mark.parametrize("user", MAY)
def test_what_each_user_hears(broker: SafeBroker, user: str) -> None:
    """Nobody but the controller hears commands: a PIN and the weight of people travel there."""
    told = {f"bascule/home/{name}" for name in (*DOCUMENTS, "availability", "reply/ana")}
    with person(broker, user) as somebody, person(broker, "bascule") as table, person(broker, "manage") as boss:
        somebody.hear("#")
        for topic in told:
            table.say(topic)
        table.say("homeassistant/device/bascule_home/config")
        table.say("homeassistant/device/bascule_home/other")
        boss.say("bascule/home/command/lock", b"2580")
        boss.say("bascule/home/state", b"a lie")
        table.say("bascule/home/command/_echo", b"the end")
        table.say("bascule/home/availability", b"the end")
        wait_for(lambda: somebody.heard and somebody.heard[-1][1] == b"the end", "the last one")
        heard = {topic for topic, _ in somebody.heard}
        assert b"a lie" not in {said for _, said in somebody.heard}
    if user == "bascule":
        assert heard == {f"bascule/home/{name}" for name in ("availability", "command/lock", "command/_echo")}
    else:
        assert heard == told | ({"homeassistant/device/bascule_home/config"} if user == "homeassistant" else set())


def test_home_assistant_says_that_it_is_there(broker: SafeBroker) -> None:
    with person(broker, "bascule") as table, person(broker, "homeassistant") as home, person(broker, "manage") as boss:
        table.hear("homeassistant/status")
        boss.say("homeassistant/status", b"a lie")
        boss.say("homeassistant/device/bascule_home/config", b"a lie")
        home.say("homeassistant/status", b"online")
        wait_for(lambda: table.heard, "the birth")
        assert table.heard == [("homeassistant/status", b"online")]


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize(
    ("user", "password"),
    [(None, None), ("watch", "wrong-password"), ("watch", ""), ("stranger", "wrong-password"), ("root", "")],
)
def test_who_is_not_let_in(broker: SafeBroker, user: str | None, password: str | None, version: str) -> None:
    with person(broker, user, password, version) as somebody:
        assert somebody.refused == "Not authorized"


def test_users_come_and_go(broker: SafeBroker) -> None:
    done = setup("user", "guest1", "watch", "--folder", broker.folder, "--json")
    assert done.exit_code == 0, done.output
    broker.password["guest1"] = (broker.folder / "users" / "guest1.password").read_text().strip()
    assert broker.password["guest1"] in done.output
    broker.reload()

    def let_in() -> bool:
        with person(broker, "guest1") as guest:
            return not guest.refused

    wait_for(let_in, "the new user")
    with person(broker, "bascule") as table, person(broker, "guest1", version="5") as guest:
        table.hear("bascule/home/command/#")
        assert guest.say("bascule/home/command/arm") == NOT_AUTHORIZED
        assert guest.say("bascule/home/command/stop") == 0
        wait_for(lambda: table.heard, "the stop")
        assert [topic for topic, _ in table.heard] == ["bascule/home/command/stop"]
    assert setup("user", "guest1", "--remove", "--folder", broker.folder).exit_code == 0
    assert not (broker.folder / "users" / "guest1.password").exists()
    broker.reload()
    wait_for(lambda: not let_in(), "locked out")
    with person(broker, "watch") as others:
        assert not others.refused


def test_for_all_tables_and_a_home_assistant_that_starts(tmp_path_factory: pytest.TempPathFactory) -> None:
    options = ("--base", "flat/My tables", "--home-assistant", "use", "--user", "ana=watch")
    broker = SafeBroker(tmp_path_factory.mktemp("all"), *options)
    assert {user["name"]: user["role"] for user in broker.told["users"]} == {
        "bascule": Role.CONTROLLER, "homeassistant": Role.HOME_ASSISTANT_USE, "ana": Role.WATCH,
    }  # fmt: skip
    broker.start()
    try:
        with person(broker, "bascule") as table, person(broker, "homeassistant") as home, person(broker, "ana") as ana:
            table.hear("flat/My tables/+/command/#")
            for one in (home, ana):
                for verb in Verb:
                    one.say(f"flat/My tables/attic/command/{verb}", b"1" if one is home else b"2")
                one.say("bascule/attic/command/stop", b"elsewhere")
            ana.say("flat/My tables/home/command/stop", b"the end")
            wait_for(lambda: (b"the end") in [said for _, said in table.heard], "the last one")
        for said, allowed in ((b"1", USE), (b"2", WATCH)):
            arrived = {topic.removeprefix("flat/My tables/attic/command/") for topic, one in table.heard if one == said}
            assert arrived == allowed
        assert b"elsewhere" not in [said for _, said in table.heard]
    finally:
        broker.stop()
