"""Where the owner's own presets lie, and how they are read."""

from pathlib import Path

from . import small_file
from .config import Config
from .own_presets import LARGEST_FILE, Own, read
from .presets import bundled


def place(config: Config, config_file: Path | None) -> Path:
    """`<table>.presets.toml` beside the configuration; without one, in the data folder."""
    folder = config.data.folder if config_file is None else config_file.parent
    return folder / f"{config.table.id}.presets.toml"


def load(path: Path) -> Own:
    """What is there; whatever is wrong with it becomes the `problem`."""
    try:
        text = small_file.read(path, LARGEST_FILE)
    except OSError as error:
        return Own("", str(path), problem=f"{path} can't be read: {error.strerror}.")
    return read(text, str(path), bundled())
