"""Coverage-guided fuzzing of everything that strangers can write into: one target a decoder, with its properties.

`python -m fuzz` runs the targets; `fuzz/README.md` says how, and what has been run.
"""
