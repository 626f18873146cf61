"""The command itself, with the peers that the group `bench` brings. How fast anything is fails nothing here."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_codec_is_measured_beside_all_its_peers(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "codec", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr
    figures = json.loads(file.read_text("utf-8"))["figures"]
    assert [one["key"] for one in figures if one["quartiles"] is None] == []
    assert {"codec.pymavlink", "codec.protobuf", "codec.pyserialtransfer"} <= {one["key"] for one in figures}
    assert "codec.construct" in done.stdout
