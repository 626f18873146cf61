"""Runs one target under atheris until it ends by itself: `python -m fuzz.child TARGET CORPUS [libFuzzer option]…`.

A process of its own, because libFuzzer leaves no other way to end it, and so that only here code is instrumented.
"""

import sys

import atheris

from .targets import EVERY


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    name, *arguments = sys.argv[1:]
    target = EVERY[name]
    with atheris.instrument_imports(include=[*target.guides], enable_loader_override=False):
        run = target.load()  # what is imported here is instrumented
    atheris.Setup([sys.argv[0], *arguments], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
