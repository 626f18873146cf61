"""All checks, in the order in which they run: first what moves nothing, last what a restart would disturb."""

from typing import Final

from . import granting, homing, line, moving, numbers, people, telling
from .check import Check

CHECKS: Final[tuple[Check, ...]] = (
    *telling.CHECKS,
    *line.CHECKS,
    *numbers.CHECKS,
    *people.FIRST,
    *granting.CHECKS,
    *moving.CHECKS,
    *homing.CHECKS,
    *people.CHECKS,
)
BY_NUMBER: Final = {check.number: check for check in CHECKS}
