"""Races of a stop with whatever else is on its way: `python -m races --runs 1000000`."""
