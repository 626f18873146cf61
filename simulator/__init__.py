"""The stand-in for the hardware: a person on a table, and its tilt unit. Imports `protocol`, never `controller`."""
