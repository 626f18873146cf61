"""What people read when TLS, user or password is wrong at a real mosquitto, and that it works once it is right."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bascule import send as send_module
from bascule.cli import app
from bascule.setup_certificates import make_server
from bascule.setup_files import authority_of, write
from controller.model import Verb, Wish
from controller.mqtt.address import Address
from controller.mqtt.client import MqttClient
from controller.mqtt.connection import Timing

from .conftest import Process, until
from .safe_broker import SafeBroker, needs_mosquitto, setup, wait_for

pytestmark = [
    needs_mosquitto,
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),  # paho's, after a failed handshake
]
FAST = Timing(echo_s=0.2, stale_s=1.0, retry_min_s=1, retry_max_s=1)
LOGIN = "username and password_file in [mqtt] (or --broker mqtts://USER@… and --password-file)"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SafeBroker]:
    broker = SafeBroker(tmp_path_factory.mktemp("encrypted"), "--host", "localhost")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> SafeBroker:
    """Somebody else's broker, never started: another authority, other passwords, and client certificates."""
    return SafeBroker(tmp_path_factory.mktemp("other"), "--client-certificates")


def send(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["send", *map(str, words)], env={"COLUMNS": "200"})
    return done.exit_code, done.output.strip()


@contextmanager
def daemon(broker: SafeBroker, **address: Any) -> Iterator[tuple[MqttClient, list[tuple[bool, str]], list[object]]]:
    """A controller's client, what it said of the link, and which stops and wishes it got."""
    links: list[tuple[bool, str]] = []
    got: list[object] = []
    known = {"username": "bascule", "password": broker.password["bascule"], "tls": True, "ca_file": broker.ca_file}
    client = MqttClient(
        Address("127.0.0.1", broker.port, **(known | address)), "bascule", "home",
        on_stop=got.append, on_wish=got.append, on_link=lambda up, why: links.append((up, why)),
        on_birth=lambda: None, timing=FAST,
    )  # fmt: skip
    client.start()
    with closing(client):
        yield client, links, got


def said_by_daemon(broker: SafeBroker, **address: Any) -> str:
    with daemon(broker, **address) as (_, links, _got):
        wait_for(lambda: [why for up, why in links if why], "a word on the link")
        assert not any(up for up, _ in links)
        return links[-1][1]


# Wrong in one way each: the command line and the daemon say the same.


def test_a_wrong_password(broker: SafeBroker, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong-password\n")
    options = ["--broker", broker.url("watch"), "--ca-file", broker.ca_file, "--password-file", wrong]
    sentence = f"the broker at 127.0.0.1:{broker.port} refused user 'watch' or the password: check {LOGIN}"
    assert send("stop", *options) == (1, sentence + ".")
    assert said_by_daemon(broker, username="watch", password="wrong-password") == sentence


def test_no_user(broker: SafeBroker) -> None:
    sentence = f"the broker at 127.0.0.1:{broker.port} asks for a user and password: set {LOGIN}"
    assert send("stop", "--broker", f"mqtts://127.0.0.1:{broker.port}", "--ca-file", broker.ca_file) == (
        1, sentence + ".",
    )  # fmt: skip
    assert said_by_daemon(broker, username=None, password=None) == sentence


def test_the_authority_of_another_broker(broker: SafeBroker, other: SafeBroker) -> None:
    sentence = (
        f"the certificate of the broker at 127.0.0.1:{broker.port} is not signed by the authority in {other.ca_file} "
        "(self-signed certificate in certificate chain): "
        "set ca_file in [mqtt] (or --ca-file) to the ca.crt of this very broker"
    )
    options = broker.options("watch")
    options[options.index(broker.ca_file)] = other.ca_file
    assert send("stop", *options) == (1, sentence + ".")
    assert said_by_daemon(broker, ca_file=other.ca_file) == sentence


def test_no_authority(broker: SafeBroker) -> None:
    sentence = (
        f"the certificate of the broker at 127.0.0.1:{broker.port} is signed by an authority unknown here "
        "(self-signed certificate in certificate chain): "
        "set ca_file in [mqtt] (or --ca-file) to the ca.crt of this broker"
    )
    assert send("stop", "--broker", broker.url("watch")) == (1, sentence + ".")
    assert said_by_daemon(broker, ca_file=None) == sentence


def test_another_host(broker: SafeBroker) -> None:
    """Every address 127.x.y.z is this machine, but the certificate names one of them."""
    status, said = send("stop", *broker.options("watch", "127.0.0.2"))
    assert (status, said) == (
        1,
        f"the certificate of the broker at 127.0.0.2:{broker.port} is not made out to 127.0.0.2: "
        "put a name that it has into broker in [mqtt] (or --broker), "
        "or make it out to this one (bascule setup certificate --host 127.0.0.2).",
    )


def test_a_broker_without_tls_and_a_client_without_it(broker: SafeBroker) -> None:
    status, said = send("stop", "--broker", f"mqtt://127.0.0.1:{broker.port}")
    assert status == 1
    assert said.endswith("that it is an MQTT broker, and whether it wants TLS (mqtts:// in front of it).")
    with socket.create_server(("127.0.0.1", 0)) as plain:
        port = plain.getsockname()[1]
        plain.settimeout(5)

        def answer() -> None:
            client, _ = plain.accept()
            with client:
                client.recv(10)
                client.sendall(b"no TLS here")

        threading.Thread(target=answer, daemon=True).start()
        status, said = send("stop", "--broker", f"mqtts://127.0.0.1:{port}")
    assert status == 1
    assert said.startswith(f"no TLS connection to 127.0.0.1:{port} (")
    assert said.endswith("check the port in broker in [mqtt] (or --broker), and that it takes TLS there.")


def test_an_expired_certificate_is_named_and_renewed(tmp_path: Path) -> None:
    broker = SafeBroker(tmp_path, "--host", "localhost")
    pair = make_server(authority_of(broker.folder), ["localhost", "127.0.0.1"], days=-1)
    files = {broker.folder / "server.crt": pair.certificate, broker.folder / "server.key": pair.key}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bascule.setup_files.brokers_owner", lambda: None)
        write(files, replacing=True)
    broker.start()
    sentence = (
        f"the certificate of the broker at 127.0.0.1:{broker.port} has expired: check the date of this machine, "
        "and renew it at the broker (bascule setup certificate)"
    )
    try:
        assert send("stop", *broker.options("watch")) == (1, sentence + ".")
        with daemon(broker) as (_, links, _got):
            wait_for(lambda: (False, sentence) in links, "the same from the daemon")
            assert setup("certificate", "--folder", broker.folder).exit_code == 0
            broker.stop()
            broker.start()
            wait_for(lambda: links[-1][0], "connected, with the ca.crt that everybody has")
    finally:
        broker.stop()


def test_client_certificates(tmp_path: Path, other: SafeBroker) -> None:
    broker = SafeBroker(tmp_path, "--client-certificates", "--host", "localhost")
    broker.start()
    users = broker.folder / "users"
    try:
        asked = "that it is an MQTT broker, and whether it wants a certificate of ours (cert_file and key_file)"
        assert said_by_daemon(broker).endswith(asked)
        status, said = send("stop", *broker.options("watch"))
        assert (status, said.endswith(asked + ".")) == (1, True), said
        strange = other.folder / "users" / "bascule.crt"
        said = said_by_daemon(broker, cert_file=str(strange), key_file=str(strange.with_suffix(".key")))
        assert said.endswith(f"that its authority signed {strange}, which may also have expired")
        keys = {"cert_file": str(users / "bascule.crt"), "key_file": str(users / "bascule.key")}
        with daemon(broker, **keys) as (_, links, got):
            wait_for(lambda: links and links[-1][0], "connected")
            options = [*broker.options("use"), "--cert-file", users / "use.crt", "--key-file", users / "use.key"]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(send_module, "ANSWER_S", 2.0)
                assert send("stop", *options)[0] == 1, "nobody answers here"
            assert got[0] is False
            assert isinstance(got[1], Wish)
            assert got[1].verb is Verb.STOP
        wrong = said_by_daemon(broker, **keys, password="wrong-password")
        assert "refused user 'bascule' or the password" in wrong
    finally:
        broker.stop()


# Right: from the command's files to an armed table.


def test_the_files_as_they_are_run_a_table(broker: SafeBroker, start: Callable[..., Process], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "users").mkdir(parents=True)
    for name in ("controller.toml", "ca.crt", "users/bascule.password"):
        shutil.copy(broker.folder / name, copy / name)
    controller = start("run", "--config", copy / "controller.toml", "--port", "sim://", "--data", tmp_path / "data")
    controller.says("connected to the broker at localhost")
    until(lambda: send("arm", *broker.options("use"))[0] == 0, "armed by who may use the table")
    status, said = send("stop", *broker.options("watch"))
    assert (status, said.startswith("Stop")) == (0, True), said
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(send_module, "ANSWER_S", 1.0)
        status, said = send("arm", *broker.options("watch"))
    assert status == 1
    assert "user 'watch' may not give this command" in said
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BASCULE_MQTT_PASSWORD", broker.password["watch"])
        assert send("stop", "--broker", broker.url("watch"), "--ca-file", broker.ca_file)[0] == 0
        patch.setenv("BASCULE_MQTT_PASSWORD", "wrong-password")
        assert send("stop", "--broker", broker.url("watch"), "--ca-file", broker.ca_file)[0] == 1
        assert send("stop", *broker.options("watch"))[0] == 0, "a file that is named wins"
    assert not any(secret in line for secret in broker.password.values() for line in controller.lines)
