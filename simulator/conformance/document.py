"""`docs/conformance.md`, rendered from the checks: `python -m simulator.conformance.document` writes the file."""

from pathlib import Path
from typing import Final

from .catalogue import CHECKS
from .check import Needs

PATH: Final = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
GROUPS: Final = {
    Needs.LINE: "Without anything but the line",
    Needs.HAND: "With a hand",
    Needs.MOTION: "With motion",
    Needs.BOTH: "With motion and a hand",
}
INTRO: Final = """\
# Conformance of a tilt unit

<!-- Rendered from the checks in simulator/conformance: edit those, then run
`python -m simulator.conformance.document`. -->

`bascule check PORT` asks a tilt unit, hardware or simulated, for what [protocol.md](protocol.md) and
[safety.md](safety.md) demand of any of them. It knows the line and nothing else. The project's own tests run the same
checks against the simulated unit and against the released firmware on an emulated chip, and show each check a unit
that breaks its rule.

```
bascule simulate --pty /tmp/table            # or a board on a USB port
bascule check /tmp/table --report unit.txt
bascule check /tmp/table --allow-motion
```

**Nobody may be on the table.** Without `--allow-motion` nothing is granted: an ARM or SETPOINT is then one that any
unit has to refuse, and names the angle at which the table is. With it, the table has to be empty at the start, and is
refused otherwise; then a hand is asked for a sandbag and closed ankle locks, because a unit moves nobody it does not
sense. The table goes to 15° head down, and once to the unit's own limit; a unit that goes further is stopped, and
nothing more is tried with it. It ends at level. Have the emergency stop in reach. All of it takes about ten minutes.

**Hands.** What only a hand can do is asked for when standard input is a terminal (`--hands` asks anyway, `--no-hands`
never), and goes on as soon as the telemetry shows it, for a minute each. Without a hand it is *not checked*, which is
not *passed*. `bascule simulate --pty` at the other end of the port does by itself what a hand is asked for. It begins
with somebody on the table: type `occupied off` there before `--allow-motion`.

**A failure with `LEASE_EXPIRED`** may be the machine's that checks: a setpoint every 20 ms is its duty, and the unit
brakes when one is 500 ms late, as it should. Do nothing else with that machine, and check again.

**Exit status.** 0 when every check passed; 1 when one failed or was not checked; 2 for a usage that means nothing. All
checks are required. The report (`--report FILE`, text, or JSON if the name ends in `.json`) holds the unit's identity,
the date, each check with its result and what was measured: attach it to a report of a fault.

**What no port can show**, and is for [hardware.md](hardware.md) and the firmware's own tests: the emergency stop's own
circuit, end switches, the watchdog, sensors that fail, stall, over-speed, brake slip, supply and heat, the time limits
of 2 to 10 min, a second restart within 60 s.
"""


def render() -> str:
    """The whole document."""
    parts = [INTRO]
    for needs, title in GROUPS.items():
        rows = [
            f"| {check.number} | {check.demands} | {'; '.join(check.cites)} |"
            for check in CHECKS
            if check.needs is needs
        ]
        parts.append(
            "\n".join(
                [
                    f"## {title}",
                    "",
                    "| Number | The unit's duty | Where it is written |",
                    "| --- | --- | --- |",
                    *rows,
                    "",
                ]
            )
        )
    return "\n".join(parts)


def main() -> None:
    """Write docs/conformance.md."""
    PATH.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
