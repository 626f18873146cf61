"""A real Home Assistant core without a screen: started, asked over its REST and WebSocket interfaces, stopped."""

import base64
import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path
from typing import Any

from tests.bascule.conftest import free_port, until

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("BASCULE_HOME_ASSISTANT") or ROOT / ".home-assistant")
HASS = FOLDER / "bin" / "hass"
CLIENT_ID = "http://127.0.0.1/"
OF_THE_MACHINE = (
    "homeassistant.bootstrap] ", "[aiohttp_fast_zlib]", "camera.img_util]", "is taking over 10 seconds",
)  # fmt: skip
"""What this core says of the machine that it runs on, and of how slow it is, whatever else there is."""


def environment() -> dict[str, str]:
    """Of its programs: they start in 3 s with their compiled files, in 17 s without."""
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    return {key: value for key, value in os.environ.items() if key not in left_out}


@cache
def version() -> tuple[int, int]:
    """Of this core: year and month."""
    (constants,) = FOLDER.glob("lib/python3*/site-packages/homeassistant/const.py")
    found = re.findall(r"^M\w+_VERSION: Final = (\d+)$", constants.read_text("utf-8"), re.MULTILINE)
    return int(found[0]), int(found[1])


class MissingError(Exception):
    """There is no such thing in this core."""


class Core:
    """One core on a folder of its own. `files`: what stands in its configuration folder, by name."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._token = ""
        self._read_until = 0
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("PORT", str(self.port)), "utf-8")

    def start(self) -> None:
        """Returns when it answers."""
        with (self.folder / "output.txt").open("ab") as out:
            command = [HASS, "-c", str(self.folder), "--skip-pip"]
            self._process = subprocess.Popen(command, stdout=out, stderr=out, env=environment())
        until(self._answers, f"the core answers: {self.output()[-2000:]}", 90)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.output()
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/onboarding", timeout=2).close()
            return True
        return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def let_in(self) -> None:
        """Make the first user, as the first page of the real thing does. Later pages would want the internet."""
        user = {"name": "Ana", "username": "ana", "password": "secret-1", "client_id": CLIENT_ID, "language": "en"}
        code = self.post("onboarding/users", user)["auth_code"]
        form = f"grant_type=authorization_code&code={code}&client_id={CLIENT_ID}".encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/auth/token", form, timeout=10) as answer:
            self._token = json.load(answer)["access_token"]

    def connect(self, broker_port: int) -> None:
        """Add MQTT as a person does, by its dialogue."""
        flow = self.post("config/config_entries/flow", {"handler": "mqtt"})
        done = self.post(f"config/config_entries/flow/{flow['flow_id']}", {"broker": "127.0.0.1", "port": broker_port})
        assert done["type"] == "create_entry", done

    # ---- asking -----------------------------------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        return self._call(path, None)

    def post(self, path: str, body: object) -> Any:
        return self._call(path, json.dumps(body).encode())

    def _call(self, path: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                raise MissingError(path) from None
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from None
        return json.loads(text) if text[:1] in ("{", "[") else text

    def states(self) -> dict[str, dict[str, Any]]:
        """Everything that a dashboard would show, by the id of the entity."""
        return {one["entity_id"]: one for one in self.get("states")}

    def state(self, entity: str) -> dict[str, Any]:
        """What a dashboard would show of one entity."""
        try:
            found: dict[str, Any] = self.get(f"states/{entity}")
        except MissingError:
            return {"state": "missing", "attributes": {}}
        return found

    def press(self, target: dict[str, Any]) -> None:
        self.post("services/button/press", target)

    def ask(self, kind: str, **fields: Any) -> Any:
        """One command over the WebSocket: for what REST does not have."""
        with _WebSocket(self.port) as ws:
            assert ws.receive()["type"] == "auth_required"
            ws.send({"type": "auth", "access_token": self._token})
            assert ws.receive()["type"] == "auth_ok"
            ws.send({"id": 1, "type": kind, **fields})
            answer = ws.receive()
            assert answer["success"], answer
            return answer["result"]

    # ---- what it says -----------------------------------------------------------------------------------------------

    def output(self) -> str:
        path = self.folder / "output.txt"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def complaints(self) -> list[str]:
        """Warnings and errors since the last time that anybody asked, but for those about the machine."""
        text = self.output()
        lines, self._read_until = text[self._read_until :].splitlines(), len(text)
        complained = [
            line for line in lines if any(f" {level} (" in line for level in ("WARNING", "ERROR", "CRITICAL"))
        ]
        return [line for line in complained if not any(words in line for words in OF_THE_MACHINE)]


class _WebSocket:
    """As much of RFC 6455 as one question and its answer need."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), 10)
        key = base64.b64encode(os.urandom(16)).decode()
        self._sock.sendall(
            f"GET /api/websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._file = self._sock.makefile("rb")
        assert b"101" in self._file.readline()
        while self._file.readline().strip():
            pass

    def __enter__(self) -> "_WebSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._sock.close()

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        mask = os.urandom(4)
        self._sock.sendall(b"\x81" + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))

    def receive(self) -> dict[str, Any]:
        text = b""
        while True:
            first, length = self._file.read(2)
            if length == 126:
                (length,) = struct.unpack(">H", self._file.read(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._file.read(8))
            data = self._file.read(length)
            if first & 0x0F in (0, 1):
                text += data
                if first & 0x80:
                    answer: dict[str, Any] = json.loads(text)
                    return answer
