"""Addresses, the guard, and the sentences for a broker that does not let us in."""

import errno
import logging
import socket
import ssl

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from controller.mqtt.connection import Address, Guard, why_refused, why_silent, why_unreachable

HERE = Address("broker.lan", 1884)
UNTRUSTED = ssl.SSLCertVerificationError(1, "verify failed")
UNTRUSTED.verify_message = "certificate has expired"


@pytest.mark.parametrize(
    ("host", "port"), [("localhost", 1883), ("192.168.1.2", 1), ("::1", 65535), ("bröker.lan", 8883)]
)
def test_good_addresses(host: str, port: int) -> None:
    assert str(Address(host, port)) == (f"{host}:{port}" if host != "::1" else "[::1]:65535")


@pytest.mark.parametrize("host", ["", "a..b", "x" * 64, ".lan", "\ud800"])
def test_a_name_that_would_end_pahos_thread_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"is not a host name: check broker in \[mqtt\]"):
        Address(host)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_bad_ports(port: int) -> None:
    with pytest.raises(ValueError, match=r"is not a port: use 1 to 65535"):
        Address("localhost", port)


def test_a_key_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="key_file is set without cert_file"):
        Address(key_file="key.pem")


def test_tls_only_when_asked_for() -> None:
    assert Address().tls_context() is None
    context = Address(tls=True).tls_context()
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_the_password_is_never_shown() -> None:
    assert "secret" not in repr(Address(username="ana", password="secret"))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ConnectionRefusedError(), "no MQTT broker listens at broker.lan:1884: start it or check broker in [mqtt]"),
        (
            socket.gaierror(socket.EAI_NONAME, "unknown"),
            "the broker's name in broker.lan:1884 is not known to the network: check broker in [mqtt]",
        ),
        (
            TimeoutError(),
            "nothing answers at broker.lan:1884: check that the broker runs, the network, and broker in [mqtt]",
        ),
        (
            OSError(errno.ENETUNREACH, "Network is unreachable"),
            "the broker at broker.lan:1884 cannot be reached (Network is unreachable): "
            "check the network and broker in [mqtt]",
        ),
        (
            UNTRUSTED,
            "the certificate of the broker at broker.lan:1884 is not trusted (certificate has expired): "
            "set ca_file in [mqtt] to the authority that signed it",
        ),
        (
            ssl.SSLError(1, "[SSL] wrong version number"),
            "no TLS connection to broker.lan:1884 ([SSL] wrong version number): "
            "check the port, ca_file and cert_file in [mqtt]",
        ),
        (
            None,
            "the broker at broker.lan:1884 cannot be reached (NoneType): check the network and broker in [mqtt]",
        ),
    ],
)
def test_why_unreachable(error: BaseException | None, sentence: str) -> None:
    assert why_unreachable(HERE, error) == sentence


@pytest.mark.parametrize("name", ["Bad user name or password", "Not authorized"])
def test_why_refused_for_a_password(name: str) -> None:
    reason = ReasonCode(PacketTypes.CONNACK, name)
    assert why_refused(HERE, reason) == (
        "the broker at broker.lan:1884 asks for a user and password: set username and password_file in [mqtt]"
    )
    said = why_refused(Address("broker.lan", 1884, "ana", "secret"), reason)
    assert said == (
        "the broker at broker.lan:1884 refused user 'ana' or the password: check username and password_file in [mqtt]"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Unsupported protocol version", "does not speak this version of MQTT: check version in [mqtt]"),
        ("Server unavailable", "refused the connection (Server unavailable): see its log"),
        ("Client identifier not valid", "refused the connection (Client identifier not valid): see its log"),
        ("Banned", "refused the connection (Banned): see its log"),
    ],
)
def test_why_refused_for_other_reasons(name: str, said: str) -> None:
    assert why_refused(HERE, ReasonCode(PacketTypes.CONNACK, name)) == f"the broker at broker.lan:1884 {said}"


def test_why_silent() -> None:
    late = ReasonCode(PacketTypes.DISCONNECT, "Keep alive timeout")
    assert why_silent(HERE, late).startswith("what listens at broker.lan:1884 does not answer:")
    closed = ReasonCode(PacketTypes.DISCONNECT, "Unspecified error")
    assert why_silent(HERE, closed).startswith("what listens at broker.lan:1884 closed the connection before")


def test_the_guard_counts_all_and_logs_the_first(caplog: pytest.LogCaptureFixture) -> None:
    guard = Guard()
    got: list[tuple[object, ...]] = []

    def broken() -> None:
        raise RuntimeError("broken")

    guard.call("fine", lambda *arguments: got.append(arguments), 1, "two")
    for name in ("one", "one", "other"):
        guard.call(name, broken)
    assert got == [(1, "two")]
    assert guard.errors == 3
    assert [record.getMessage().split(" ")[0] for record in caplog.records] == ["one", "other"]
    assert all(record.levelno == logging.ERROR for record in caplog.records)
