"""The peers are a group of their own, as they are large: `uv run --group bench pytest tests/benchmarks`."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("pymavlink") else ["test_peers.py"]
