"""The demo's screen never holds the controller up."""

import io
import threading
from typing import Any

from rich.console import Console

from bascule.demo import Screen
from controller.account import Account
from controller.booking import Booking
from controller.conduct import Settings
from controller.core import Core
from controller.document import state_document
from controller.presets import bundled


class Blocked(io.StringIO):
    """A terminal that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def write(self, text: str) -> int:
        self.release.wait(30)
        return super().write(text)


def document(number: int) -> Any:
    core = Core(Settings(), bundled(), Booking(Account(), 0.0), 1)
    core.conduct.note = f"number {number}"
    return state_document(core, number, 1.0, 1.8e9)


def test_a_terminal_that_stands_still_holds_nobody_up() -> None:
    blocked, done = Blocked(), threading.Event()
    with Screen(Console(file=blocked)) as screen:

        def publish() -> None:
            for number in range(200):
                screen.show(document(number))
            done.set()

        threading.Thread(target=publish, daemon=True).start()
        assert done.wait(20)
        blocked.release.set()


def test_each_change_is_shown_once() -> None:
    out = io.StringIO()
    with Screen(Console(file=out, width=200)) as screen:
        for number in (1, 1, 2):
            screen.show(document(number))
    assert len(out.getvalue().splitlines()) == 2
