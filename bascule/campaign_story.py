"""The story of one run, for people: what was done to it, what happened, and where the table was."""

from collections.abc import Iterator

from protocol.messages import Cause, Rung

from .campaign import Plan, Result
from .campaign_states import DEPTHS_DEG, PEOPLE, UPS_DEG
from .campaign_trace import Sample, Trace
from .monitors import MONITORS

EVERY_S = 2.0
"""How often the angle is told while nothing happens."""


def heading(plan: Plan) -> str:
    """What the run is, in one line."""
    person = PEOPLE[plan.person]
    faults = [f"{name}{'' if amount is None else f' {amount:g}'} at {at_s:.2f} s" for at_s, name, amount in plan.faults]
    presses = [f"{verb} at {at_s:.2f} s" for at_s, verb in plan.presses]
    place = (UPS_DEG if plan.state in ("setting_out", "standing_up") else DEPTHS_DEG)[plan.depth]
    return (
        f"run {plan.number}: {plan.state} ({place:+g}°), {person.mass_kg:g} kg at {person.offset_m * 100:+g} cm; "
        f"faults: {', '.join(faults) or 'none'}; pressed: {', '.join(presses) or 'nothing'}"
    )


def lines(trace: Trace) -> Iterator[str]:
    """Time since the beginning, true angle, state, rung, and what happened."""
    if not trace.samples:
        return
    zero_s = trace.samples[0].now_s
    marks = list(trace.marks)
    told_s, before = -EVERY_S, None
    for sample in trace.samples:
        happened = []
        while marks and marks[0].now_s <= sample.now_s:
            happened.append(marks.pop(0).what)
        happened += _changes(before, sample)
        if happened or sample.now_s - told_s >= EVERY_S:
            told_s = sample.now_s
            words = "; ".join(_without_repeats(happened))
            yield (
                f"{sample.now_s - zero_s:7.2f} s {sample.bed_deg:+7.2f}° {sample.drive_dps:+5.2f} °/s"
                f" {sample.state:9} R{sample.rung}  {words}"
            )
        before = sample


def _changes(before: Sample | None, now: Sample) -> list[str]:
    """Causes that came and went."""
    if before is None:
        return [f"causes: {_names(now.active) or 'none'}; latched: {_names(now.latched) or 'none'}"]
    words = []
    for label, old, new in (("", before.active, now.active), ("latched ", before.latched, now.latched)):
        words += [f"+{label}{name}" for name in _names(new & ~old).split(", ") if name]
        words += [f"-{label}{name}" for name in _names(old & ~new).split(", ") if name]
    if before.rung != now.rung:
        words.append(f"rung {Rung(now.rung).name}")
    return words


def _names(causes: int) -> str:
    return ", ".join(str(cause.name) for cause in Cause if causes & cause)


def _without_repeats(words: list[str]) -> list[str]:
    """Each once, with how often it came."""
    return [word if words.count(word) == 1 else f"{words.count(word)}× {word}" for word in dict.fromkeys(words)]


def verdict(result: Result) -> Iterator[str]:
    """Each requirement that did not hold, and by how much."""
    for monitor, value in zip(MONITORS, result.robustness, strict=True):
        if value < 0.0:
            missed = f" ({', '.join(result.unacted)})" if monitor.name == "applied" else ""
            yield f"{monitor.name}: {value:+.2f} {monitor.unit}{missed}. {monitor.sentence} [{', '.join(monitor.ids)}]"
