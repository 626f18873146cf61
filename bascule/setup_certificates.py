"""An authority of one's own, and what it signs: the broker's certificate and, if wanted, those of its users.

Made with the program openssl. It is there wherever Mosquitto with TLS is, it has made keys for everybody for decades,
and it costs no package of 5 MB that nothing else here would use. Keys come into being in a folder that only we can
enter, and are handed back as text. The extensions are those that Python checks strictly since 3.13.
"""

import ipaddress
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

AUTHORITY_DAYS: Final = 3650
"""Chosen: as long as a table lives; every phone would have to learn a new authority."""
LEAF_DAYS: Final = 825
"""The longest that Apple's systems take, also from an authority of one's own (support.apple.com/103769)."""
PATIENCE_S: Final = 60.0
"""Chosen: a slow board makes a key on a curve within a second."""
_LABEL: Final = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)


class CertificateError(Exception):
    """No certificate can be made. The text is for a person."""


class Pair(NamedTuple):
    """A certificate and its private key, in PEM."""

    certificate: str
    key: str


def host_entry(host: str) -> str:
    """How a host stands in a certificate. Raises CertificateError for what is neither a name nor an address."""
    try:
        return f"IP:{ipaddress.ip_address(host)}"
    except ValueError:
        pass
    if _NAME.fullmatch(host) is None:
        raise CertificateError(
            f"{host!r} is neither a host name nor an IP address: name the broker's machine as its clients will"
        )
    return f"DNS:{host}"


def make_authority(name: str) -> Pair:
    """A new authority. Raises CertificateError."""
    with tempfile.TemporaryDirectory(prefix="bascule-keys-") as private:
        folder = Path(private)
        extensions = ["basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign"]
        _request(folder, name, [*extensions, "subjectKeyIdentifier=hash"])
        _openssl(folder, "req", "-x509", "-new", "-key", "key", "-config", "request", "-extensions", "wanted",
                 "-days", str(AUTHORITY_DAYS), "-set_serial", _serial(), "-sha256", "-out", "made")  # fmt: skip
        return Pair((folder / "made").read_text(), (folder / "key").read_text())


def make_server(authority: Pair, hosts: Sequence[str], days: int = LEAF_DAYS) -> Pair:
    """A broker's certificate for these hosts. Raises CertificateError."""
    names = ",".join(host_entry(host) for host in hosts)
    return _leaf(authority, "Bascule broker", ["extendedKeyUsage=serverAuth", f"subjectAltName={names}"], days)


def make_client(authority: Pair, user: str) -> Pair:
    """The certificate of a user. Raises CertificateError."""
    return _leaf(authority, user, ["extendedKeyUsage=clientAuth"], LEAF_DAYS)


def _leaf(authority: Pair, name: str, extensions: list[str], days: int) -> Pair:
    with tempfile.TemporaryDirectory(prefix="bascule-keys-") as private:
        folder = Path(private)
        (folder / "ca").write_text(authority.certificate)
        (folder / "ca.key").write_text(authority.key)
        common = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
        _request(folder, name, [*common, *extensions, "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"])
        _openssl(folder, "req", "-new", "-key", "key", "-config", "request", "-out", "asked")
        _openssl(folder, "x509", "-req", "-in", "asked", "-CA", "ca", "-CAkey", "ca.key", "-set_serial", _serial(),
                 "-extfile", "request", "-extensions", "wanted", "-days", str(days), "-sha256",
                 "-out", "made")  # fmt: skip
        return Pair((folder / "made").read_text(), (folder / "key").read_text())


def _request(folder: Path, name: str, extensions: list[str]) -> None:
    """A new key, and what is to be said of it."""
    lines = ["[req]", "prompt=no", "utf8=yes", "distinguished_name=who", "[who]", f"CN={name}", "[wanted]", *extensions]
    (folder / "request").write_text("\n".join(lines) + "\n")
    _openssl(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", "key")


def _serial() -> str:
    """RFC 5280 wants a number that nobody can guess, of at most 20 bytes."""
    return f"0x{secrets.randbits(127) | 1 << 126:x}"


def _openssl(folder: Path, *arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise CertificateError(
            "the program openssl is not installed, it makes the certificates: apt-get install openssl"
        )
    try:
        done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, timeout=PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CertificateError(f"openssl {arguments[0]} did not do its work ({error})") from None
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["nothing"]
        raise CertificateError(f"openssl {arguments[0]} failed; it said: {last[0]}")
