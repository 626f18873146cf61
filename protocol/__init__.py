"""The wire between controller and tilt unit, for both ends: no I/O and no clock in here."""
