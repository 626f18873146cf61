"""Where the broker is, how to be let in, and which certificates to trust and to show."""

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is and how to be let in. Raises ValueError if that can't be an address.

    TLS is used with `tls` or any of the files; without `ca_file` the system's authorities are trusted.
    """

    host: str = "localhost"
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def __post_init__(self) -> None:
        try:
            usable = bool(self.host.encode("idna"))
        except UnicodeError:  # raised by the name lookup too, where it would end paho's thread
            usable = False
        if not usable:
            raise ValueError(f"the broker's name {self.host!r} is not a host name: check broker in [mqtt]")
        if not 1 <= self.port <= 65535:
            raise ValueError(f"the broker's port {self.port} is not a port: use 1 to 65535 in broker in [mqtt]")
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("key_file is set without cert_file: set both in [mqtt]")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether TLS is used."""
        return bool(self.tls or self.ca_file or self.cert_file)

    def tls_context(self) -> ssl.SSLContext | None:
        """The TLS settings, None for a plain connection. Raises ValueError naming the file that can't be used."""
        if not self.secure:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise ValueError(f"ca_file {self.ca_file} cannot be used: {error.strerror or error}") from error
        if self.cert_file is not None:
            try:  # an empty password instead of a question on the terminal of a daemon
                context.load_cert_chain(self.cert_file, self.key_file, password="")
            except OSError as error:
                files = " and ".join(file for file in (self.cert_file, self.key_file) if file)
                raise ValueError(f"cert_file and key_file ({files}) cannot be used: {error}") from error
        return context
