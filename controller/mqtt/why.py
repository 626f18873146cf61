"""Why a broker does not let us in: a sentence each that names the file or the host, and what to do."""

import socket
import ssl
from typing import Final

from paho.mqtt.reasoncodes import ReasonCode

from .address import Address

_BROKER: Final = "broker in [mqtt] (or --broker)"
_CA_FILE: Final = "ca_file in [mqtt] (or --ca-file)"
_LOGIN: Final = "username and password_file in [mqtt] (or --broker mqtts://USER@… and --password-file)"
"""Where a person finds what a sentence is about."""
_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64
"""What OpenSSL calls X509_V_ERR_CERT_NOT_YET_VALID, …CERT_HAS_EXPIRED, …HOSTNAME_MISMATCH, …IP_ADDRESS_MISMATCH."""


def why_unreachable(address: Address, error: BaseException | None) -> str:
    """A sentence for a connection that could not be opened, and what to do about it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _why_untrusted(address, error)
    if isinstance(error, ssl.SSLError):
        detail = getattr(error, "reason", None) or error
        return f"no TLS connection to {address} ({detail}): check the port in {_BROKER}, and that it takes TLS there"
    if isinstance(error, socket.gaierror):
        return f"the broker's name in {address} is not known to the network: check {_BROKER}"
    if isinstance(error, ConnectionRefusedError):
        return f"no MQTT broker listens at {address}: start it or check {_BROKER}"
    if isinstance(error, TimeoutError):
        return f"nothing answers at {address}: check that the broker runs, the network, and {_BROKER}"
    detail = getattr(error, "strerror", None) or type(error).__name__
    return f"the broker at {address} cannot be reached ({detail}): check the network and {_BROKER}"


def _why_untrusted(address: Address, error: ssl.SSLCertVerificationError) -> str:
    """Which file or host is wrong with a certificate, by OpenSSL's number for it (X509_V_ERR_…)."""
    code, wrong = getattr(error, "verify_code", 0), getattr(error, "verify_message", "") or error
    its = f"the certificate of the broker at {address}"
    if code in (_EXPIRED, _NOT_YET):
        state = "has expired" if code == _EXPIRED else "is not valid yet"
        return f"{its} {state}: check the date of this machine, and renew it at the broker (bascule setup certificate)"
    if code in (_OTHER_NAME, _OTHER_ADDRESS):
        return (
            f"{its} is not made out to {address.host}: put a name that it has into {_BROKER}, "
            f"or make it out to this one (bascule setup certificate --host {address.host})"
        )
    if address.ca_file is None:
        return f"{its} is signed by an authority unknown here ({wrong}): set {_CA_FILE} to the ca.crt of this broker"
    return (
        f"{its} is not signed by the authority in {address.ca_file} ({wrong}): "
        f"set {_CA_FILE} to the ca.crt of this very broker"
    )


def why_refused(address: Address, reason: ReasonCode) -> str:
    """A sentence for a broker that answered and said no."""
    name = reason.getName()
    if name in ("Bad user name or password", "Not authorized"):
        if address.username is None:
            return f"the broker at {address} asks for a user and password: set {_LOGIN}"
        return f"the broker at {address} refused user {address.username!r} or the password: check {_LOGIN}"
    if name == "Unsupported protocol version":
        return f"the broker at {address} does not speak this version of MQTT: check version in [mqtt]"
    return f"the broker at {address} refused the connection ({name}): see its log"


def why_silent(address: Address, reason: ReasonCode) -> str:
    """A sentence for a connection that opened and gave no answer to the greeting."""
    did = "does not answer" if reason == "Keep alive timeout" else "closed the connection before it answered"
    if not address.secure:
        advice = "and whether it wants TLS (mqtts:// in front of it)"
    elif address.cert_file is None:  # by TLS 1.3 the broker finds out only after our side of the handshake is done
        advice = "and whether it wants a certificate of ours (cert_file and key_file)"
    else:
        advice = f"and that its authority signed {address.cert_file}, which may also have expired"
    return f"what listens at {address} {did}: check {_BROKER}, that it is an MQTT broker, {advice}"
