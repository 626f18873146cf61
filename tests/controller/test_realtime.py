"""Real-time priority for one thread: what the system permits, refuses, or does not have."""

import errno
import os
import sys
import threading
from collections.abc import Callable

import pytest

from controller.realtime import HERE, System, take

linux = pytest.mark.skipif(sys.platform != "linux", reason="priorities of single threads are Linux'")


def in_thread(work: Callable[[], object]) -> None:
    """In a thread of its own, which takes its priority along when it ends."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def policies() -> dict[int, int]:
    """The policy of each thread of this process, by its id."""
    return {int(task): os.sched_getscheduler(int(task)) for task in os.listdir("/proc/self/task")}


def refuse(priority: int) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_what_is_asked_is_given() -> None:
    asked: list[int] = []
    assert take(10, System(asked.append, lambda: 2)) == ""
    assert asked == [10]


def test_a_refusal_says_what_to_do() -> None:
    said = take(10, System(refuse, lambda: 4))
    assert "does not permit the control thread a real-time priority of 10 (Operation not permitted)" in said
    assert "it runs without" in said
    assert "LimitRTPRIO=10 in the service's unit of systemd or with `- rtprio 10`" in said


def test_on_the_only_core_a_stop_would_wait_so_nobody_gets_one() -> None:
    """H11."""
    asked: list[int] = []
    said = take(10, System(asked.append, lambda: 1))
    assert "needs a second processor core, because a stop must not wait" in said
    assert asked == []


def test_elsewhere_than_on_linux_there_is_none() -> None:
    assert take(10, None).startswith("Real-time priority is available on Linux only: ")
    assert (HERE is None) == (sys.platform != "linux")


@linux
def test_this_thread_gets_it_and_neither_those_before_nor_those_after() -> None:
    assert HERE is not None
    here = HERE._replace(cores=lambda: 2)
    over, ordinary = threading.Event(), os.SCHED_OTHER
    before = threading.Thread(target=over.wait)
    before.start()
    others = policies().keys()

    def control() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except OSError:
            assert "does not permit" in take(1, here)
            assert os.sched_getscheduler(0) == ordinary
            return
        os.sched_setscheduler(0, ordinary, os.sched_param(0))
        assert take(1, here) == ""
        me = threading.get_native_id()
        assert os.sched_getscheduler(0) == os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        assert os.sched_getparam(0).sched_priority == 1
        after = threading.Thread(target=over.wait)
        after.start()
        found = policies()
        assert found.keys() >= {*others, me, after.native_id}
        assert {policy for task, policy in found.items() if task != me} == {ordinary}
        over.set()
        after.join()

    try:
        in_thread(control)
    finally:
        over.set()
        before.join()
