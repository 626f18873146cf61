"""The file that keeps people through restarts. One that can't be believed is left as it is, for a person to look at."""

from pathlib import Path

from . import small_file
from .profile import LARGEST_FILE, Register, RegisterError, parse


def read(path: Path) -> tuple[Register, str]:
    """What is kept, and "" or a sentence that says why nothing can be read of it."""
    try:
        text = small_file.read(path, LARGEST_FILE)
        return Register() if text is None else parse(text), ""
    except OSError as error:
        why = f"it can't be read: {error.strerror}"
    except RegisterError as error:
        why = str(error)
    return Register(), (
        f"The file of people, {path}, is out of order: {why}. Everybody is a guest, and nobody's profile is changed, "
        "until it is put right or deleted and the controller is started again."
    )
