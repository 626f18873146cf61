"""Planted bugs in the firmware: `python -m mutation.firmware --help`."""
