"""A fuzzer's bytes as a sequence of choices. What is read beyond the end is zero, so that every input is a program."""

from collections.abc import Callable

Run = Callable[[bytes], None]
"""A target: takes any input, and raises only if a property is broken."""


class Tape:
    """Reads from the front. `more` is false once everything was read."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def more(self) -> bool:
        """Whether there is anything left to decide by."""
        return self._at < len(self._data)

    def byte(self) -> int:
        """0 to 255."""
        at = self._at
        self._at = at + 1
        return self._data[at] if at < len(self._data) else 0

    def signed(self) -> int:
        """−128 to 127; small numbers are as likely as large ones."""
        return (self.byte() ^ 0x80) - 0x80

    def word(self) -> int:
        """0 to 65,535."""
        return self.byte() | self.byte() << 8

    def take(self, count: int) -> bytes:
        """The next bytes, fewer at the end."""
        at = self._at
        self._at = at + count
        return self._data[at : self._at]

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(len(self._data))
