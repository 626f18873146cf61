"""`bascule setup`: what it writes, for whom to read, and what it says when it can't."""

import json
import os
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bascule import setup_files
from bascule.cli import app
from bascule.setup_certificates import CertificateError, host_entry, make_authority
from controller.config import load

from .safe_broker import setup

FILES = {
    "mosquitto.conf", "passwords", "access", "ca.crt", "ca.key", "server.crt", "server.key", "controller.toml",
    "setup.json", "users/bascule.password", "users/homeassistant.password", "users/watch.password",
    "users/use.password", "users/manage.password",
}  # fmt: skip


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_everything_is_written_once_and_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "broker"
    done = setup("broker", "--folder", folder)
    assert done.exit_code == 0, done.output
    before = files(folder)
    assert set(before) == FILES
    for path in (folder, folder / "users"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for name in FILES:
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    passwords = [before[f"users/{user}.password"].strip() for user in ("bascule", "homeassistant", "watch", "use")]
    assert len(set(passwords)) == 4
    for password in passwords:
        assert len(password) == 16
        assert done.output.count(password) == 1
        assert [name for name, text in before.items() if password in text and not name.startswith("users/")] == []
    again = setup("broker", "--folder", folder)
    assert again.exit_code == 1
    assert "there already; nothing was changed" in again.output
    assert files(folder) == before
    (folder / "ca.key").unlink()
    assert setup("broker", "--folder", folder).exit_code == 1, "one file of it is enough"
    assert setup("broker", "--folder", folder, "--force").exit_code == 0
    after = files(folder)
    assert set(after) == FILES
    assert after["ca.crt"] != before["ca.crt"]
    assert after["users/watch.password"] != before["users/watch.password"]


def test_the_next_steps_are_in_plain_words(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    words = " ".join(setup("broker", "--folder", folder, "--host", "table.local").output.split())
    for step in (
        f"Start the broker: mosquitto -c {folder}/mosquitto.conf",
        "bascule run --config controller.toml --port PORT",
        "server mqtts://NAME@table.local:8883",
        f"bascule send stop --broker mqtts://watch@table.local:8883 --ca-file {folder}/ca.crt",
        "keep ca.key where nobody else gets at it",
    ):
        assert step in words
    told = json.loads(setup("broker", "--folder", tmp_path / "other", "--json", "--table", "a", "--table", "b").output)
    assert told["tables"] == ["a", "b"]
    assert {Path(path).relative_to(told["folder"]).as_posix() for path in told["files"]} == FILES
    assert [user["role"] for user in told["users"]] == ["controller", "home-assistant", "watch", "use", "manage"]
    for user in told["users"]:
        assert (tmp_path / "other" / "users" / f"{user['name']}.password").read_text() == user["password"] + "\n"
    assert len(told["next"]) >= 4


@pytest.mark.skipif(shutil.which("mosquitto_passwd") is None, reason="mosquitto_passwd is not installed")
def test_the_password_file_is_one_that_mosquitto_reads(tmp_path: Path) -> None:
    setup("broker", "--folder", tmp_path)
    ours = [line.split("$") for line in (tmp_path / "passwords").read_text().splitlines()]
    subprocess.run(["mosquitto_passwd", "-b", "-c", tmp_path / "theirs", "ana", "x"], check=True, timeout=10)
    theirs = (tmp_path / "theirs").read_text().strip().split("$")
    for line in ours:
        assert [len(part) for part in line[3:]] == [len(part) for part in theirs[3:]]
        assert (line[1], line[2]) == ("7", "1000")


def test_the_controllers_file_is_a_configuration(tmp_path: Path) -> None:
    setup("broker", "--folder", tmp_path, "--table", "attic", "--host", "fe80::1", "--base", 'my "table"')
    config = load(tmp_path / "controller.toml")
    assert config.table.id == "attic"
    assert config.mqtt.broker == "mqtts://bascule@[fe80::1]:8883"
    assert config.mqtt.base == 'my "table"'
    assert config.mqtt.password_file == tmp_path / "users" / "bascule.password"
    assert config.mqtt.ca_file == tmp_path / "ca.crt"
    certified = tmp_path / "certified"
    setup("broker", "--folder", certified, "--client-certificates")
    mqtt = tomllib.loads((certified / "controller.toml").read_text())["mqtt"]
    assert (mqtt["cert_file"], mqtt["key_file"]) == ("users/bascule.crt", "users/bascule.key")
    assert load(certified / "controller.toml").mqtt.user == "bascule"


def test_a_password_can_be_brought_along(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("correct horse battery\nmore\n")
    done = setup("broker", "--folder", tmp_path / "a", "--user", "ana=use", "--password-file", f"ana={mine}", "--json")
    assert {"name": "ana", "role": "use", "password": "correct horse battery"} in json.loads(done.output)["users"]
    mine.write_text("short\n")
    done = setup("user", "ana", "watch", "--folder", tmp_path / "a", "--password-file", mine)
    assert (done.exit_code, "the password for ana needs at least 10 letters" in done.output) == (1, True)
    mine.write_text("battery horse correct\n")
    assert setup("user", "ana", "watch", "--folder", tmp_path / "a", "--password-file", mine).exit_code == 0
    assert (tmp_path / "a" / "users" / "ana.password").read_text() == "battery horse correct\n"
    assert (tmp_path / "a" / "passwords").read_text().count("ana:") == 1
    assert "# watch\nuser ana\n" in (tmp_path / "a" / "access").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--user", "ana=fly"), "'fly' is no role: there are watch, use, manage"),
        (("--user", "ana"), "--user ana: needs NAME=ROLE"),
        (("--user", "Ana=use"), "user 'Ana' is not allowed: use 1 to 32 of a-z, 0-9, _ and -"),
        (("--user", "a b\nuser root=use"), "is not allowed"),
        (("--user", "ana=use", "--user", "ana=watch"), "ana was named before"),
        (("--user", "bascule=manage"), "the user bascule is the program of that name"),
        (("--table", "My table"), "table id 'My table' is not allowed"),
        (("--table", "+"), "table id '+' is not allowed"),
        (("--base", "a/#"), "base topic 'a/#' is not allowed"),
        (("--base", "$SYS"), "base topic '$SYS' is not allowed"),
        (("--base", "a\nuser root"), "is not allowed"),
        (("--base", " a"), "begins or ends with a space"),
        (("--host", "a b"), "'a b' is neither a host name nor an IP address"),
        (("--host", "x,DNS:evil"), "is neither a host name nor an IP address"),
        (("--host", "-x"), "is neither a host name nor an IP address"),
        (("--port", "0"), "port 0 is not a port"),
        (("--home-assistant", "manage"), "--home-assistant manage: needs watch, use or no"),
        (("--password-file", "eve=/dev/null"), "--password-file names eve, who is no user"),
        (("--password-file", "watch=/nowhere"), "/nowhere can't be read: No such file"),
        (("--password-file", "watch=/dev/null"), "the password for watch needs at least 10 letters"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = setup("broker", "--folder", tmp_path / "broker", *words)
    assert (done.exit_code, said in done.output) == (1, True), done.output
    assert not (tmp_path / "broker").exists()


def test_users_and_certificates_need_a_folder_that_was_made(tmp_path: Path) -> None:
    for words in (("user", "ana", "use"), ("certificate",)):
        done = setup(*words, "--folder", tmp_path)
        assert done.exit_code == 1
        assert f"{tmp_path}/setup.json can't be read (No such file or directory): name the folder that" in done.output
    setup("broker", "--folder", tmp_path)
    done = setup("user", "ana", "--folder", tmp_path)
    assert (done.exit_code, done.output) == (2, "Say what ana is to be: one of watch, use, manage.\n")
    assert setup("user", "ana", "use", "--remove", "--folder", tmp_path).exit_code == 2
    assert "There is no user 'ana'" in setup("user", "ana", "--remove", "--folder", tmp_path).output
    (tmp_path / "setup.json").write_text('{"users": []}')
    done = setup("user", "ana", "use", "--folder", tmp_path)
    assert (done.exit_code, "setup.json is damaged" in done.output) == (1, True)


@pytest.mark.parametrize(("role", "told", "warned"), [("watch", 1, 1), ("use", 1, 0), ("no", 0, 0)])
def test_what_home_assistant_may_not_do_is_told_because_the_broker_never_will(
    tmp_path: Path, role: str, told: int, warned: int
) -> None:
    said = setup("broker", "--folder", tmp_path, "--host", "table.local", "--home-assistant", role).output
    assert said.count("In Home Assistant: Add integration, MQTT, broker table.local, port 8883") == told
    assert said.count("does nothing and says nothing until: bascule setup user homeassistant use") == warned


def test_without_a_role_it_stays_and_the_password_is_new(tmp_path: Path) -> None:
    setup("broker", "--folder", tmp_path, "--user", "ana=use")
    for name, role, told in (
        ("bascule", "controller", "start bascule run again: its old password is refused now."),
        ("homeassistant", "home-assistant", "in Home Assistant: Settings, Devices & services, MQTT"),
        ("ana", "use", "Give ana the password (users/ana.password) and ca.crt."),
    ):
        before = (tmp_path / "users" / f"{name}.password").read_text()
        done = setup("user", name, "--folder", tmp_path)
        assert (done.exit_code, told in done.output) == (0, True), done.output
        assert f"# {role}\nuser {name}\n" in (tmp_path / "access").read_text()
        assert before != (tmp_path / "users" / f"{name}.password").read_text()


def test_home_assistant_gets_another_role_and_the_controller_neither_that_nor_lost(tmp_path: Path) -> None:
    setup("broker", "--folder", tmp_path)
    for word, role in (("use", "home-assistant-use"), ("watch", "home-assistant")):
        assert setup("user", "homeassistant", word, "--folder", tmp_path).exit_code == 0
        access = (tmp_path / "access").read_text()
        assert f"# {role}\nuser homeassistant\n" in access
        own = access.partition("user homeassistant\n")[2].partition("\n\n")[0]
        assert ("topic write bascule/+/command/start" in own) == (word == "use")
    before = files(tmp_path)
    for words, said in (
        (("homeassistant", "manage"), "Home Assistant may be watch or use, not 'manage'."),
        (("bascule", "use"), "the user bascule is the controller and has no other role: leave it out"),
        (("bascule", "--remove"), "bascule is the controller: without it nobody reaches the table."),
    ):
        done = setup("user", *words, "--folder", tmp_path)
        assert (done.exit_code, said in done.output) == (1, True), done.output
    assert files(tmp_path) == before


def test_a_new_certificate_has_other_hosts_and_the_same_authority(tmp_path: Path) -> None:
    setup("broker", "--folder", tmp_path)
    before = files(tmp_path)
    assert setup("certificate", "--folder", tmp_path, "--host", "new.local", "--host", "10.0.0.7").exit_code == 0
    after = files(tmp_path)
    assert {name for name in FILES if before[name] != after[name]} == {
        "server.crt", "server.key", "setup.json", "controller.toml",
    }  # fmt: skip
    shown = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "server.crt", "-noout", "-ext", "subjectAltName"],
        capture_output=True, text=True, timeout=10, check=True,
    ).stdout  # fmt: skip
    assert shown.split("\n")[1].strip() == "DNS:new.local, IP Address:10.0.0.7, DNS:localhost, IP Address:127.0.0.1"
    subprocess.run(
        ["openssl", "verify", "-x509_strict", "-CAfile", tmp_path / "ca.crt", tmp_path / "server.crt"],
        check=True, timeout=10, capture_output=True,
    )  # fmt: skip
    assert "mqtts://bascule@new.local:8883" in after["controller.toml"]


@pytest.mark.parametrize("host", ["a", "a-b.local", "A.example.org", "10.0.0.1", "::1", "fe80::1", "x" * 63])
def test_good_hosts(host: str) -> None:
    assert host_entry(host).endswith(host)


@pytest.mark.parametrize(
    "host", ["", ".", "a..b", "a.", "-a", "a-", "x" * 64, "a/b", "a\nb", "*", "ä", "a,b", "1.2.3.4:5"]
)
def test_bad_hosts(host: str) -> None:
    with pytest.raises(CertificateError, match="is neither a host name nor an IP address"):
        host_entry(host)


def test_without_openssl_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(CertificateError, match="apt-get install openssl"):
        make_authority("Bascule")


def test_as_root_the_files_of_the_broker_are_its_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mosquitto gives root up before it reads them; the passwords of people and the authority's key stay root's."""
    given: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(setup_files, "brokers_owner", lambda: (4711, 4712))
    monkeypatch.setattr(setup_files, "_closed_to", lambda owner, folder: None)
    monkeypatch.setattr(os, "chown", lambda path, uid, gid: given.update({Path(path).name: (uid, gid)}))
    done = CliRunner().invoke(app, ["setup", "broker", "--folder", str(tmp_path / "b")], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert set(given.values()) == {(4711, 4712)}
    theirs = {"mosquitto.conf", "passwords", "access", "ca.crt", "server.crt", "server.key"}
    assert set(given) == {"b", *(f"{name}.new" for name in theirs)}
    assert "sudo ln -s" in done.output or not Path("/etc/mosquitto/conf.d").is_dir()


def test_a_folder_that_the_broker_cannot_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_files, "brokers_owner", lambda: (4711, 4712))
    (tmp_path / "closed").mkdir(mode=0o700)
    folder = tmp_path / "closed" / "broker"
    done = CliRunner().invoke(app, ["setup", "broker", "--folder", str(folder)], env={"COLUMNS": "300"})
    assert done.exit_code == 1
    assert "the broker runs as mosquitto, who can't enter" in done.output
    assert "use --folder /etc/mosquitto/bascule" in done.output
    assert not folder.exists()
