"""The file that keeps people through restarts. One that can't be believed is left as it is, for a person to look at."""

from pathlib import Path

from .profile import LARGEST_FILE, Register, RegisterError, parse


def read(path: Path) -> tuple[Register, str]:
    """What is kept, and "" or a sentence that says why nothing can be read of it."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
        if len(raw) > LARGEST_FILE:
            raise RegisterError(f"it is larger than {LARGEST_FILE // 1024} KiB")
        return parse(raw.decode("utf-8")), ""
    except FileNotFoundError:
        return Register(), ""
    except OSError as error:
        why = f"it can't be read ({error.strerror})"
    except UnicodeDecodeError:
        why = "it is not UTF-8 text"
    except RegisterError as error:
        why = str(error)
    return Register(), (
        f"The file of people, {path}, is out of order: {why}. Everybody is a guest, and nobody's profile is changed, "
        "until it is put right or deleted and the controller is started again."
    )
