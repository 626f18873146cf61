"""Logging never makes anybody wait, whatever becomes of standard error."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from bascule import log


@pytest.fixture(autouse=True)
def _root() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_what_is_said_arrives_in_order_as_lines_or_as_json() -> None:
    for form in ("text", "json"):
        reader, writer = os.pipe()
        handler = log.set_up("info", form, writer)
        logging.getLogger("a.b").info("port %s opened", "/dev/x")
        try:
            raise ValueError("wrong")
        except ValueError:
            logging.getLogger("a.b").exception("it failed")
        logging.getLogger("a.b").debug("nobody wants this")
        handler.finish()
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as lines:
            text = lines.read()
        if form == "text":
            assert "INFO    port /dev/x opened\n" in text
            assert "ValueError: wrong" in text
        else:
            first, second = map(json.loads, text.splitlines())
            assert (first["level"], first["from"], first["message"]) == ("info", "a.b", "port /dev/x opened")
            assert "ValueError: wrong" in second["error"]
        assert "nobody wants" not in text


def test_a_pipe_that_nobody_reads_holds_nobody_up() -> None:
    """F19: a full pipe loses lines, never time."""
    reader, writer = os.pipe()
    handler = log.set_up("info", "text", writer)
    done = threading.Event()

    def talk() -> None:
        for number in range(5000):
            logging.getLogger("x").info("%s %d", "word" * 50, number)
        done.set()

    threading.Thread(target=talk, daemon=True).start()
    assert done.wait(20), "a log line waited for its reader"
    assert handler.lost > 1000
    began_s = time.monotonic()
    handler.finish()
    assert time.monotonic() - began_s < 5
    os.close(reader)  # the writing thread gets an error, and goes on
    handler.finish()


def test_a_program_whose_standard_error_is_blocked_can_still_end() -> None:
    code = (
        "import logging; from bascule import log; log.set_up('info', 'text')\n"
        "for n in range(5000): logging.getLogger('x').info('word' * 50)\n"
        "print('over', flush=True)"
    )
    reader, writer = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=writer)
    try:
        assert process.wait(30) == 0
        assert process.stdout is not None
        assert process.stdout.read() == b"over\n"
        process.stdout.close()
    finally:
        process.kill()
        os.close(reader)
        os.close(writer)
