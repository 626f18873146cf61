"""The errors of the wire, named by whose fault they are.

    ProtocolError
    └── LocalError       this program asked for a message that the wire cannot carry

What the other end does wrong is never an exception: damage and rejections are values that are counted
(`framing.Damage`, `messages.Unreadable`), so that a broken peer cannot unwind a control loop.
"""


class ProtocolError(Exception):
    """Base of everything that this package raises."""


class LocalError(ProtocolError):
    """A field of an outgoing message does not fit its place on the wire."""

    def __init__(self, message: str, field: str, value: object) -> None:
        super().__init__(f"{message}.{field} = {value!r} does not fit the wire")
        self.message = message
        self.field = field
        self.value = value
