"""What `docs/protocol.md` and the safety rules demand of any tilt unit, as numbered checks over a port.

A check knows the wire and nothing else: it imports `protocol`, never the simulated unit. So the same checks judge the
simulated unit, the firmware on an emulated chip, and hardware. Limits are restated here, not taken from a unit's code.
"""
