"""A household: a broker, a Home Assistant with its first user, and a table that can be exchanged."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bascule.assembly import discovery_of
from controller.config import load
from controller.presets import bundled
from tests.bascule.conftest import until as poll
from tests.controller.mqtt.conftest import MOSQUITTO, Broker, Peer

from .core import HASS, ROOT, Core, version

TABLE = """\
[session]
check_in_s = 60
[[people]]
id = "ana"
name = "Ana"
height_cm = 168
weight_kg = 62
"""
EXAMPLES = ROOT / "docs" / "home-assistant"
CONFIGURATION = """\
homeassistant:
  name: Home
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: PORT
api:
config:
frontend:
lovelace:
  dashboards:
    inversion-table:
      mode: yaml
      title: Inversion table
      filename: dashboard.yaml
automation made by hand: !include automations.yaml
automation examples:
  - id: stretch
    alias: Stretch
    use_blueprint:
      path: bascule/morning_stretch_reminder.yaml
      input:
        days: [mon, tue, wed, thu, fri, sat, sun]
        state: sensor.bascule_home_state
        time_left: sensor.bascule_home_head_down_left
        rest: sensor.bascule_home_rest
        last_session: sensor.bascule_home_last_session
        preset: [select.bascule_home_preset]
        option: back
"""
SPEED = 20
PATIENCE_S = 90.0
"""A loaded machine may take its time; nothing here is a measurement."""


def until(wanted: Callable[[], Any], what: str) -> Any:
    """Poll until something is true; its value."""
    return poll(wanted, what, PATIENCE_S)


class Household:
    """Everything that a test of Home Assistant needs, once for all of them. `peer` hears every message."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("broker", "table"):
            (folder / name).mkdir()
        self.broker = Broker(folder / "broker")
        self.broker.start()
        (folder / "table" / "table.toml").write_text(TABLE, "utf-8")
        blueprint = (EXAMPLES / "morning_stretch_reminder.yaml").read_text("utf-8")
        self.core = Core(
            folder / "core",
            {
                "configuration.yaml": as_this_core_names(CONFIGURATION),
                "automations.yaml": "[]\n",
                "dashboard.yaml": as_this_core_names((EXAMPLES / "dashboard.yaml").read_text("utf-8")),
                "blueprints/automation/bascule/morning_stretch_reminder.yaml": blueprint,
            },
        )
        self._table: subprocess.Popen[bytes] | None = None
        self.peer = Peer(self.broker.port)

    def move_in(self) -> None:
        """Home Assistant with its first user, who adds MQTT; then the table."""
        self.core.start()
        self.core.let_in()
        self.core.connect(self.broker.port)
        self.begin()

    def begin(self, remote_start: bool = True, speed: int = SPEED, angle_deg: float = -80.0) -> None:
        """A table with a person on it, ankles locked, who has the whole day's budget."""
        self.end(kill=True)
        data = self.folder / "table"
        for file in data.glob("home.*"):
            file.unlink()
        broker = f"mqtt://127.0.0.1:{self.broker.port}"
        since = len(self.peer.heard)
        words = ("-m", "tests.home_assistant.table", broker, data, speed, str(remote_start).lower(), angle_deg)
        self._table = subprocess.Popen([sys.executable, *map(str, words)], cwd=ROOT)
        until(lambda: any(json.loads(said)["angle_deg"] is not None for said in self.said("state", since)), "a table")
        self.shows("state", "standing", "standby")

    def end(self, kill: bool = False) -> None:
        if self._table is not None:
            (self._table.kill if kill else self._table.terminate)()
            self._table.wait(70)
            self._table = None

    # ---- as a person sees it ----------------------------------------------------------------------------------------

    def ids(self) -> dict[str, str]:
        """The entity of each part, whatever this core or anybody calls it."""
        prefix = "bascule_home_"
        entries = self.core.ask("config/entity_registry/list")
        return {
            entry["unique_id"].removeprefix(prefix): entry["entity_id"]
            for entry in entries
            if entry["platform"] == "mqtt" and entry["unique_id"].startswith(prefix)
        }

    def state(self, part: str) -> dict[str, Any]:
        """What is shown of one part."""
        return self.core.state(named(part))

    def shows(self, part: str, *words: str) -> dict[str, Any]:
        """Wait until one of these is shown."""

        def seen() -> dict[str, Any] | None:
            state = self.state(part)
            return state if state["state"] in words else None

        found: dict[str, Any] = until(seen, f"{part} shows {words}")
        return found

    def press(self, part: str) -> None:
        self.core.press({"entity_id": named(part)})

    def choose(self, part: str, option: str) -> None:
        self.core.post("services/select/select_option", {"entity_id": named(part), "option": option})

    # ---- as the table says ------------------------------------------------------------------------------------------

    def truth(self) -> dict[str, Any]:
        """The newest state document."""
        found: dict[str, Any] = json.loads(self.peer.last("bascule/home/state") or b"{}")
        return found

    def answers(self, since: int) -> list[dict[str, Any]]:
        """All results since so many messages."""
        return [json.loads(said) for said in self.said("result", since)]

    def said(self, topic: str, since: int) -> list[bytes]:
        """What came on one topic of the table since so many messages."""
        return [payload for heard, payload, _ in self.peer.heard[since:] if heard == f"bascule/home/{topic}"]

    def close(self) -> None:
        self.end()
        self.core.stop()
        self.peer.close()
        self.broker.stop()


def parts() -> dict[str, Any]:
    """What a table with everything tells Home Assistant."""
    made = discovery_of(load(None, {"mqtt.remote_start": True}))
    found: dict[str, Any] = made.document([*bundled()], ["ana"])["components"]
    return found


def named(part: str) -> str:
    """The entity of a part. A core that is older than `default_entity_id` makes ids of the names."""
    one = parts()[part]
    if version() >= (2025, 10):
        return str(one["default_entity_id"])
    name = "".join(letter if letter.isalnum() else "_" for letter in str(one["name"]).lower())
    return f"{one['platform']}.inversion_table_{name}"


def as_this_core_names(text: str) -> str:
    """An example with the ids that this core gives."""
    for part, one in sorted(parts().items(), key=lambda item: -len(item[0])):
        if "default_entity_id" in one:
            text = text.replace(str(one["default_entity_id"]), named(part))
    return text


@pytest.fixture(scope="session")
def household(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    if not HASS.exists():
        pytest.skip(f"there is no Home Assistant in {HASS.parents[1]}: uv run --no-project tools/home_assistant.py")
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    home = Household(tmp_path_factory.mktemp("household"))
    try:
        home.move_in()
        yield home
    finally:
        home.close()


@pytest.fixture
def home(household: Household) -> Iterator[Household]:
    """The household. Whatever Home Assistant complains of is a failure."""
    yield household
    assert household.core.complaints() == []
