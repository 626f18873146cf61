"""Planted bugs: each change of the code that protects people has to turn a test red. `python -m mutation --help`."""
