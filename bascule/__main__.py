"""`python -m bascule`."""

from .cli import main

main()
