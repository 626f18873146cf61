"""Make the environment in which the tests run a real Home Assistant: `uv run --no-project tools/home_assistant.py`.

It comes whole from the package index, in exact versions, into `.home-assistant/` or a folder that is named, and takes a
minute and 0.7 GB. What is there already and up to date is left as it is.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
LISTED: Final = ROOT / "tools" / "home_assistant.txt"
PYTHON: Final = "3.13"
"""What this core runs on; it is not the one of this project."""


def main() -> int:
    """Make it, and let the core say its version."""
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / ".home-assistant"
    stamp, wanted = folder / "made-of.txt", LISTED.read_text("utf-8")
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        uv = [os.environ["UV"]] if "UV" in os.environ else [sys.executable, "-m", "uv"]
        _run([*uv, "venv", "-q", "--python", _python(), str(folder)])
        _run([*uv, "pip", "install", "-q", "--python", str(folder / "bin" / "python"), "-r", str(LISTED)])
        _run([str(folder / "bin" / "hass"), "--version"])
        stamp.write_text(wanted, "utf-8")
    sys.stdout.write(f"{folder} has a Home Assistant core; the tests find it there, or by BASCULE_HOME_ASSISTANT.\n")
    return 0


def _python() -> str:
    """An interpreter: one on the path, or one of pyenv's, whose names on the path may lead nowhere; else uv looks."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in (shutil.which(f"python{PYTHON}"), *sorted(pyenv.glob(f"{PYTHON}.*/bin/python"))):
        if (
            candidate is not None
            and subprocess.run([candidate, "-V"], capture_output=True, check=False).returncode == 0
        ):
            return str(candidate)
    return PYTHON


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, cwd=tempfile.gettempdir())  # in here, this project's versions would bind it
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"{' '.join(command)}: failed ({error}); this needs uv and Python {PYTHON}") from None


if __name__ == "__main__":
    sys.exit(main())
