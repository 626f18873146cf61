"""Which addresses can be one, and that a password is never shown."""

import ssl

import pytest

from controller.mqtt.address import Address


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
