"""The inputs that a run begins with: `corpus/<target>.hex`, one a line, and the text files in `corpus/<target>/`."""

from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).parent / "corpus"


def seeds(target: str) -> list[bytes]:
    """A target's seeds, in the order of their file names."""
    found: list[bytes] = []
    lines = CORPUS / f"{target}.hex"
    if lines.exists():
        written = (line.partition("#")[0].strip() for line in lines.read_text("utf-8").splitlines())
        found += [bytes.fromhex(line) for line in written if line]
    folder = CORPUS / target
    if folder.is_dir():
        found += [file.read_bytes() for file in sorted(folder.iterdir())]
    return found


def write(target: str, folder: Path) -> None:
    """One file a seed, as libFuzzer wants them."""
    for number, seed in enumerate(seeds(target)):
        (folder / f"seed-{number:03}").write_bytes(seed)
