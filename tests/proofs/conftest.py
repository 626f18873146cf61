"""The prover is a group of its own, as it is large: `uv run --group prove pytest tests/proofs`."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("crosshair") else ["test_prover.py"]
