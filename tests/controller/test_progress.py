"""No progress is less than 0.5° in 3 s."""

from controller.progress import Progress


def test_what_comes_on_is_not_stuck() -> None:
    progress = Progress()
    assert not any(progress.stuck(n * 0.18, n * 1.0) for n in range(20))


def test_what_comes_on_too_slowly_or_only_trembles_is_stuck() -> None:
    for come in (lambda n: n * 0.01, lambda n: 0.4 * (n % 2), lambda n: -n * 1.0):
        progress = Progress()
        stuck = [progress.stuck(come(n), n * 0.1) for n in range(50)]
        assert stuck.index(True) == 31


def test_a_reset_begins_again() -> None:
    progress = Progress()
    progress.stuck(0.0, 0.0)
    progress.reset()
    assert not progress.stuck(0.0, 5.0)
    assert not progress.stuck(0.0, 8.0)
    assert progress.stuck(0.0, 8.1)
