"""The sentences for a broker that does not let us in."""

import errno
import socket
import ssl

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from controller.mqtt.address import Address
from controller.mqtt.why import why_refused, why_silent, why_unreachable

HERE = Address("broker.lan", 1884)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            ConnectionRefusedError(),
            "no MQTT broker listens at broker.lan:1884: start it or check broker in [mqtt] (or --broker)",
        ),
        (
            socket.gaierror(socket.EAI_NONAME, "unknown"),
            "the broker's name in broker.lan:1884 is not known to the network: check broker in [mqtt] (or --broker)",
        ),
        (
            TimeoutError(),
            "nothing answers at broker.lan:1884: check that the broker runs, the network, "
            "and broker in [mqtt] (or --broker)",
        ),
        (
            OSError(errno.ENETUNREACH, "Network is unreachable"),
            "the broker at broker.lan:1884 cannot be reached (Network is unreachable): "
            "check the network and broker in [mqtt] (or --broker)",
        ),
        (
            ssl.SSLError(1, "[SSL] wrong version number"),
            "no TLS connection to broker.lan:1884 ([SSL] wrong version number): "
            "check the port in broker in [mqtt] (or --broker), and that it takes TLS there",
        ),
        (
            None,
            "the broker at broker.lan:1884 cannot be reached (NoneType): check the network "
            "and broker in [mqtt] (or --broker)",
        ),
    ],
)
def test_why_unreachable(error: BaseException | None, sentence: str) -> None:
    assert why_unreachable(HERE, error) == sentence


@pytest.mark.parametrize("name", ["Bad user name or password", "Not authorized"])
def test_why_refused_for_a_password(name: str) -> None:
    reason = ReasonCode(PacketTypes.CONNACK, name)
    assert why_refused(HERE, reason) == (
        "the broker at broker.lan:1884 asks for a user and password: set "
        "username and password_file in [mqtt] (or --broker mqtts://USER@… and --password-file)"
    )
    said = why_refused(Address("broker.lan", 1884, "ana", "secret"), reason)
    assert said == (
        "the broker at broker.lan:1884 refused user 'ana' or the password: check "
        "username and password_file in [mqtt] (or --broker mqtts://USER@… and --password-file)"
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


def untrusted(code: int, words: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, words
    return error


@pytest.mark.parametrize(
    ("code", "words", "ca_file", "said"),
    [
        (10, "certificate has expired", "/etc/ca.crt", "has expired: check the date of this machine, and renew it at"),
        (9, "certificate is not yet valid", None, "is not valid yet: check the date of this machine, and renew it at"),
        (62, "Hostname mismatch", "/etc/ca.crt", "is not made out to broker.lan: put a name that it has into broker"),
        (64, "IP address mismatch", None, "is not made out to broker.lan: put a name that it has into broker"),
        (
            20,
            "unable to get local issuer certificate",
            None,
            "is signed by an authority unknown here (unable to get local issuer certificate): "
            "set ca_file in [mqtt] (or --ca-file) to the ca.crt of this broker",
        ),
        (
            20,
            "unable to get local issuer certificate",
            "/etc/ca.crt",
            "is not signed by the authority in /etc/ca.crt (unable to get local issuer certificate): "
            "set ca_file in [mqtt] (or --ca-file) to the ca.crt of this very broker",
        ),
    ],
)
def test_why_a_certificate_is_not_trusted(code: int, words: str, ca_file: str | None, said: str) -> None:
    address = Address("broker.lan", 1884, tls=True, ca_file=ca_file)
    sentence = why_unreachable(address, untrusted(code, words))
    assert sentence.startswith(f"the certificate of the broker at broker.lan:1884 {said}")


def test_why_silent() -> None:
    late = ReasonCode(PacketTypes.DISCONNECT, "Keep alive timeout")
    assert why_silent(HERE, late).startswith("what listens at broker.lan:1884 does not answer:")
    closed = ReasonCode(PacketTypes.DISCONNECT, "Unspecified error")
    said = "what listens at broker.lan:1884 closed the connection before it answered: check broker in [mqtt]"
    assert why_silent(HERE, closed).startswith(said)
    assert why_silent(HERE, closed).endswith("whether it wants TLS (mqtts:// in front of it)")
    bare = why_silent(Address("broker.lan", tls=True), closed)
    assert bare.endswith("whether it wants a certificate of ours (cert_file and key_file)")
    ours = why_silent(Address("broker.lan", tls=True, cert_file="/etc/ana.crt"), closed)
    assert ours.endswith("that its authority signed /etc/ana.crt, which may also have expired")
