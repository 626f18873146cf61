"""Metrics as Prometheus takes them: a real scrape of a real controller, the dashboard, and who must not be held up."""

import json
import re
import socket
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bascule import metrics_server
from bascule.broker import EmbeddedBroker
from bascule.metrics import OF_HEALTH, OF_LOOP, OF_STATE, Overheard
from controller.documents import (
    BudgetDocument,
    FaultDocument,
    HealthDocument,
    HistogramDocument,
    LimitDocument,
    LinkDocument,
    SessionDocument,
    StateDocument,
)  # fmt: skip
from controller.model import State

from .conftest import Client, Process, free_port, until

DOCS = Path(__file__).resolve().parents[2] / "docs"
Start = Callable[..., Process]
Connect = Callable[[int, str], Client]
SECONDS = ("0.0002", "0.0005", "0.001", "0.002", "0.005", "0.01", "0.018", "0.05", "0.3", "0.5", "+Inf")
NAME = re.compile(r"\bbascule_[a-z_]+")


class Nobody:
    """A publisher that notes which of its functions were called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, arguments))


def state(angle_deg: float | None = 12.5, person: str = "ana") -> StateDocument:
    return StateDocument(
        schema=1, simulated=True, table="home", seq=7, time="2026-11-22T15:50:34.897Z", uptime_s=85.9,
        state=State.RUNNING, angle_deg=angle_deg, rate_dps=0.5, target_deg=None, moving=True, head_down=None,
        occupied=True, ankles_locked=True, estop=False, armed=False, arm_code="mrrv", arm_remaining_s=None,
        locked=False,
        session=SessionDocument("x-1", f"{person}s-own", person, 1, 3, person, 1.0, 9.0, 0.5, 0.25, 0, 0.0, None),
        budget=BudgetDocument(person, 5.4, 1200.0, 1, 0.0), lie_still=None,
        limit=LimitDocument(30.0, f"profile of {person}"), rung=2,
        faults=(FaultDocument("STALL", 4, "2026-11-22T15:50:34.897Z", person, True),),
        link=LinkDocument(True, 0.02, "00000001", "1.0.0", 1), message=f"{person}: go.",
    )  # fmt: skip


STEPS = HistogramDocument((0.2, 18.0), (3000, 3999), 4000, 812.5, 31.0)
JITTER = HistogramDocument((0.2, 18.0), (0, 3), 7, 99.0, None)


def health() -> HealthDocument:
    return HealthDocument(
        "2026-11-22T15:50:34.897Z", 85.9, "0.1.0", 1, 4000, 2.5, 31.0, STEPS, JITTER, 10, 3900, 1, 2, 3, 1, 12, 5, 0,
        0, 4, 1, ("ana",),
    )  # fmt: skip


def scrape(port: int) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Every sample by its name and its labels without the table, through Prometheus' own parser."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = answer.read().decode()
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        named = family.samples[0].name.rpartition("_")[2]
        assert family.type == {"total": "counter", "bucket": "histogram"}.get(named, "gauge")
        for sample in family.samples:
            labels = tuple(sorted((key, value) for key, value in sample.labels.items() if key != "table"))
            assert sample.labels["table"]
            assert labels not in found.get(sample.name, {})
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def test_a_real_scrape_says_what_the_table_says_and_the_dashboard_shows_nothing_else(
    start: Start, client: Connect, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    table, port = start("simulate", "--pty", tmp_path / "unit"), free_port()
    table.says("simulated table")
    start(
        "run", "--port", tmp_path / "unit", "--broker", broker.url(), "--data", tmp_path / "data", "--metrics", port
    )  # fmt: skip
    phone = client(broker.port, "home")
    phone.state("standing")
    phone.wait("health", lambda _: True)
    rest = scrape(port)
    assert rest["bascule_state"] == {(("state", word),): float(word == "standing") for word in map(str, State)}
    assert len(rest["bascule_state"]) == 11
    assert rest["bascule_angle_degrees"][()] == pytest.approx(-80, abs=1)
    assert rest["bascule_link_up"] == {(): 1}
    assert rest["bascule_connects_total"] == {(): 1}
    assert "bascule_fault" not in rest
    assert "bascule_session_progress_ratio" not in rest
    assert phone.arm_and_start({"preset": "gentle"})["moving"]
    phone.wait("state", lambda s: s["session"] is not None and s["moving"] and s["target_deg"] is not None)
    session = scrape(port)
    assert session["bascule_state"][(("state", "running"),)] == 1
    assert session["bascule_session_active"] == {(): 1}
    table.type("estop on")
    phone.wait("state", lambda s: s["faults"])
    fault = scrape(port)
    assert fault["bascule_emergency_stop"] == {(): 1}
    assert (("code", "estop"), ("latched", "true"), ("rung", "4")) in {
        tuple((key, value.lower()) for key, value in labels) for labels in fault["bascule_fault"]
    }
    served = rest.keys() | session.keys() | fault.keys()
    counted = {f"{metric.name}_{part}" for metric in OF_LOOP for part in ("bucket", "count", "sum")}
    assert served == {metric.name for metric in (*OF_STATE, *OF_HEALTH)} | counted
    steps, late = rest["bascule_loop_step_seconds_bucket"], rest["bascule_loop_jitter_seconds_bucket"]
    assert steps.keys() == late.keys() == {(("le", bound),) for bound in SECONDS}
    assert (
        steps[(("le", "+Inf"),)] == rest["bascule_loop_step_seconds_count"][()] == rest["bascule_loop_steps_total"][()]
    )
    assert 0 < late[(("le", "+Inf"),)] < rest["bascule_telemetry_total"][()]
    shown = [
        (panel["title"], target["expr"])
        for panel in json.loads((DOCS / "grafana" / "bascule.json").read_text("utf-8"))["panels"]
        for target in panel["targets"]
    ]
    assert len(shown) > 20
    for title, expression in shown:
        assert NAME.findall(expression), title
        assert set(NAME.findall(expression)) <= served, title


def test_the_document_lists_every_metric_with_its_labels() -> None:
    text = (DOCS / "metrics.md").read_text("utf-8")
    loop = [(metric.name, "`le`", metric.help) for metric in OF_LOOP]
    rows = re.findall(r"^\| `(bascule_\w+)` \| ?(.*?) \| (.*) \|$", text, re.MULTILINE)
    assert (
        rows
        == [
            (metric.name, " ".join(f"`{label}`" for label in metric.labels), metric.help)
            for metric in (*OF_STATE, *OF_HEALTH)
        ]
        + loop
    )
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in NAME.findall(text)} == {name for name, _, _ in rows}


def test_a_histogram_is_told_in_seconds_with_all_that_is_beyond_its_last_bound() -> None:
    overheard = Overheard(Nobody(), "home")  # type: ignore[arg-type]
    assert overheard.histograms() == []
    overheard.publish_health(health())
    steps, late = overheard.histograms()
    assert (steps.name, steps.table, steps.sum_s) == ("bascule_loop_step_seconds", "home", 0.8125)
    assert steps.buckets == [("0.0002", 3000.0), ("0.018", 3999.0), ("+Inf", 4000.0)]
    assert (late.name, late.sum_s) == ("bascule_loop_jitter_seconds", 0.099)
    assert late.buckets == [("0.0002", 0.0), ("0.018", 3.0), ("+Inf", 7.0)]


def test_every_document_is_passed_on_and_nobody_is_named() -> None:
    real = Nobody()
    overheard = Overheard(real, "home")  # type: ignore[arg-type]
    assert overheard.measured() == []
    overheard.publish_state(state())
    overheard.publish_health(health())
    for name in ("presets", "last_session", "history", "event", "result"):
        getattr(overheard, f"publish_{name}")(None)
    overheard.start()
    overheard.close(1.5)
    assert [name for name, _ in real.calls] == [
        "publish_state", "publish_health", "publish_presets", "publish_last_session", "publish_history",
        "publish_event", "publish_result", "start", "close",
    ]  # fmt: skip
    assert real.calls[-1][1] == (1.5,)
    assert real.calls[0][1] == (state(),)
    values = {one.name: one.values for one in overheard.measured()}
    assert "ana" not in str(values)
    assert "mrrv" not in str(values)  # whoever reads it could start a session
    assert values["bascule_fault"] == [({"table": "home", "code": "STALL", "rung": "4", "latched": "true"}, 1.0)]
    assert values["bascule_loop_step_max_seconds"] == [({"table": "home"}, 0.0025)]
    assert values["bascule_commands_refused_total"] == [({"table": "home"}, 5.0)]
    assert values["bascule_head_down_today_seconds"] == [({"table": "home"}, 5.4)]
    assert values["bascule_state_timestamp_seconds"] == [({"table": "home"}, 1795362634.897)]
    assert "bascule_head_down" not in values  # unknown, so it is not told
    overheard.publish_state(state(angle_deg=None))
    assert "bascule_angle_degrees" not in {one.name for one in overheard.measured()}


def test_who_reads_slowly_holds_up_neither_the_controller_nor_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "SLOWEST_S", 0.3)
    overheard, port = Overheard(Nobody(), "home"), free_port()  # type: ignore[arg-type]
    with metrics_server.serving(overheard, metrics_server.Place("127.0.0.1", port)):
        with socket.create_connection(("127.0.0.1", port)) as silent:
            silent.sendall(b"GET /metrics HTTP/1.1\r\n")
            overheard.publish_state(state())  # would wait for ever if it needed the server
            assert scrape(port)["bascule_rung"] == {(): 2.0}  # after the silent one was given up
        late = socket.create_connection(("127.0.0.1", port))
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 5
    late.close()


def test_a_flood_of_scrapes_is_served_ten_a_second() -> None:
    overheard, port = Overheard(Nobody(), "home"), free_port()  # type: ignore[arg-type]
    overheard.publish_state(state())
    with metrics_server.serving(overheard, metrics_server.Place("127.0.0.1", port)):
        scrape(port)
        began_s = time.monotonic()
        for _ in range(5):
            scrape(port)
        assert time.monotonic() - began_s >= 0.4  # 0.1 s before each, less what the first one had waited


def test_a_port_that_is_taken_leaves_the_table_served(
    start: Start, client: Connect, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(
            "run", "--port", "sim://", "--broker", broker.url(), "--data", tmp_path, "--metrics", port
        )  # fmt: skip
        assert client(broker.port, "home").state("standing")["link"]["up"]
        process.says(f"No metrics at 127.0.0.1:{port}: Address already in use.")


@pytest.mark.parametrize("text", ["", "0", "65536", "x", "127.0.0.1:", "9464 "])
def test_what_is_no_port_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=f"--metrics {text}: needs PORT"):
        metrics_server.place(text)


def test_the_places_that_are_meant() -> None:
    assert metrics_server.place("9464") == ("127.0.0.1", 9464)
    assert metrics_server.place("0.0.0.0:9464") == ("0.0.0.0", 9464)


def test_the_missing_extra_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nclass Hide:\n    def find_spec(self, name, *_):\n        if name == 'prometheus_client':\n"
        "            raise ModuleNotFoundError(name)\nsys.meta_path.insert(0, Hide())\n"
    )
    process = start(
        "run", "--port", "sim://", "--data", tmp_path, "--metrics", "9464", env={"PYTHONPATH": str(tmp_path)}
    )
    until(lambda: not process.running, "the end of a run without its extra")
    assert process.end() == 2
    process.says("pip install 'bascule[metrics]'")
