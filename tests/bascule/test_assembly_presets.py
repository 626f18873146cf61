"""A controller is put together whatever its file of own presets holds, and says what is wrong with it."""

from pathlib import Path

import pytest

from bascule.assembly import Assembly, assemble
from controller.config import load
from controller.serial_port import Port, PortError

CALM = """\
[calm]
title = "Calm"
purpose = "Rest."
basis = "My own choice."
rate_dps = 1
steps = [{ angle_deg = 8, hold_s = 60 }]
"""


def no_port() -> Port:
    raise PortError("There is none.")


def assembled(folder: Path, content: bytes | None, settings: str = "") -> Assembly:
    config = folder / "bascule.toml"
    config.write_text(f'[data]\nfolder = "data"\n{settings}', "utf-8")
    (folder / "data").mkdir()
    if content is not None:
        (folder / "home.presets.toml").write_bytes(content)
    assembly = assemble(load(config), no_port, config_file=config)
    assembly.daemon._ledger.stop(2.0)
    return assembly


def started(assembly: Assembly) -> list[str]:
    """What start accepts."""
    return list(assembly.daemon._core.conduct.presets)


BUNDLED = ["gentle", "back", "circulation", "balance", "recovery", "programme"]


def test_own_presets_are_read_at_the_start(tmp_path: Path) -> None:
    assembly = assembled(tmp_path, CALM.encode())
    assert started(assembly) == [*BUNDLED, "calm"]
    assert assembly.daemon.notices == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (CALM.replace("= 8", "= 80").encode(), ", preset calm, step 1, angle_deg: 80 is too much; write degrees"),
        (CALM.encode() + b"[", ": is not valid TOML: "),
        (b"\xff" + CALM.encode(), " can't be read: it is not UTF-8 (line 1); save it as UTF-8."),
        (b"#" * 70_000, " can't be read: it is larger than 64 KiB."),
        (b"[" * 30_000, ": is "),
        (b"\0", ": is not valid TOML: "),
    ],
)
def test_a_wrong_file_never_stops_the_controller(
    tmp_path: Path, content: bytes, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    assembly = assembled(tmp_path, content)
    assert started(assembly) == BUNDLED
    (notice,) = assembly.daemon.notices
    assert notice.startswith(f"The own presets are left alone, all of them: {tmp_path / 'home.presets.toml'}{told}")
    assert notice in caplog.text
    assert (tmp_path / "home.presets.toml").read_bytes() == content


def test_a_folder_in_its_place_does_not_either(tmp_path: Path) -> None:
    (tmp_path / "home.presets.toml").mkdir()
    assembly = assembled(tmp_path, None)
    assert started(assembly) == BUNDLED
    assert "can't be read: Is a directory." in assembly.daemon.notices[0]


def test_a_preset_over_a_limit_of_the_configuration_is_told_and_refused_by_start_alone(tmp_path: Path) -> None:
    """The owner tightened a limit: the other own presets are as good as before."""
    assembly = assembled(tmp_path, CALM.encode(), "[limits]\nangle_deg = 5\n")
    assert started(assembly) == [*BUNDLED, "calm"]
    assert assembly.daemon.notices == [
        f"{tmp_path / 'home.presets.toml'}, preset calm, step 1, angle_deg: 8° is over the limit of 5° "
        "(configuration); write at most 5."
    ]
