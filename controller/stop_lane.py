"""The stop lane: from the thread that received a stop straight to the port.

A stop frame carries nothing but itself, so no state and no lock is needed: whichever thread received the wish writes
the frame whole, with a delimiter before and after it, in front of whatever the owner of the state is about to send.
What was in flight is void, because the unit counts the stop. The core learns of it afterwards and repeats the frame
until telemetry confirms it; so a write that fails here costs a step, not the stop.
"""

from protocol.link import STOP_FRAME

from .serial_port import Port, PortError


class StopLane:
    """Holds the port that is open now, if one is."""

    def __init__(self) -> None:
        self.port: Port | None = None

    def stop(self) -> bool:
        """Write one stop frame now; whether it was written."""
        port = self.port
        if port is None:
            return False
        try:
            port.write(STOP_FRAME)
        except PortError:
            return False
        return True
