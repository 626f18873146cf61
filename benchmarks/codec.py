"""Codec and deframer: one telemetry there and back, and a stream of them in chunks.

Everybody gets a message that is made already, turns it into bytes that survive a line (delimited and with a CRC), and
makes of them a message whose every field can be read.
"""

from binascii import crc_hqx
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any, Final

from cobs import cobs
from pydantic import create_model

from protocol import framing
from protocol.framing import Deframer
from protocol.link import frame
from protocol.messages import BY_MESSAGE, STRUCTS, Telemetry, pack, unpack_from_unit

from .measure import BenchError, Figure, bytecodes, cpu_s, in_turns, ratio, spread

FIELDS: Final = BY_MESSAGE[Telemetry].fields
CODE: Final = BY_MESSAGE[Telemetry].code
STRUCT: Final = STRUCTS[Telemetry]
COUNTS: Final = (
    51_234, 3_600_020, 7, 2345, 2361, 2329, 148, 0b1011_0100_1001_1011, 1, 1, 0, 4711, 312, 27, 37, 126, 3
)  # fmt: skip
SAMPLE: Final = Telemetry._make(COUNTS)
CHUNKS: Final = (16, 64, 512)
FRAMES: Final = 64
"""Telemetries in the stream."""
Work = Callable[[], object]


def measure(quick: bool) -> Iterator[Figure]:
    """All figures of the codec. A peer that is missing is said, and the others go on."""
    rounds, times = (5, 200) if quick else (25, 2000)
    works: dict[str, Callable[[], float]] = {}
    problems: dict[str, str] = {}
    for name, (build, slower) in PEERS.items():
        try:
            works[name] = cpu_s(build(), max(times // slower, 5))
        except (BenchError, ImportError) as error:
            problems[name] = str(error)
    given = in_turns(works, rounds)
    for name in PEERS:
        if name in problems:
            yield Figure(f"codec.{name}", None, problems[name])
        elif name == "struct":
            yield Figure("codec.struct", ratio(given, "ours", "struct"))
        elif name != "ours":
            yield Figure(f"codec.{name}", ratio(given, name, "ours"))
    yield Figure("codec.bytecodes", spread([float(bytecodes(ours()))]))
    for size in CHUNKS:
        chunks = [STREAM[place : place + size] for place in range(0, len(STREAM), size)]
        works = {
            name: cpu_s(partial(work, chunks), times // 50) for name, work in (("ours", deframe), ("floor", split))
        }
        yield Figure(f"codec.chunks_{size}", ratio(in_turns(works, rounds), "ours", "floor"))


# ---- there and back -------------------------------------------------------------------------------------------------


def ours() -> Work:
    """Through the code that the daemon and the simulator run."""
    deframer = Deframer()

    def there_and_back() -> object:
        [payload] = deframer.feed(frame(SAMPLE))
        assert isinstance(payload, bytes)
        return unpack_from_unit(payload)

    assert there_and_back() == SAMPLE
    return there_and_back


def bare_struct() -> Work:
    """The floor: no message is made of the integers, and of a stream nothing but whole frames is expected."""
    pack, unpack, encode, decode = STRUCT.pack, STRUCT.unpack, cobs.encode, cobs.decode

    def there_and_back() -> object:
        payload = pack(CODE, *COUNTS)
        data = b"\0" + encode(payload + crc_hqx(payload, 0xFFFF).to_bytes(2, "big")) + b"\0"
        checked = decode(data.split(b"\0")[1])
        return None if crc_hqx(checked, 0xFFFF) else unpack(checked[:-2])

    assert there_and_back() == (CODE, *COUNTS)
    return there_and_back


def pymavlink() -> Work:
    """The message of MAVLink that is nearest: SYS_STATUS with its extensions, checked by its parser."""
    dialect = import_module("pymavlink.dialects.v20.common")
    sender, receiver = dialect.MAVLink(None), dialect.MAVLink(None)
    receiver.robust_parsing = True
    message = dialect.MAVLink_sys_status_message(
        *(7001, 7002, 7003, 371, 12_600, 540, 11, 12, 13, 14, 15, 16, 37, 8001, 8002, 8003)
    )

    def there_and_back() -> object:
        return receiver.parse_buffer(message.pack(sender))[0]

    got: Any = there_and_back()
    assert (got.current_battery, got.onboard_control_sensors_health_extended) == (540, 8003)
    return there_and_back


def protobuf() -> Work:
    """A message with our fields; protobuf has no frames, so it goes in ours."""
    new = _protobuf_class()
    message = new(**{field.name: count for field, count in zip(FIELDS, COUNTS, strict=True)})
    deframer, names = Deframer(), [field.name for field in FIELDS]

    def there_and_back() -> object:
        [payload] = deframer.feed(framing.encode(message.SerializeToString()))
        got = new.FromString(payload)
        return [getattr(got, name) for name in names]

    assert there_and_back() == list(COUNTS)
    return there_and_back


def _protobuf_class() -> Any:
    """What `protoc` would generate, made here: it comes with no wheel."""
    descriptor_pb2 = import_module("google.protobuf.descriptor_pb2")
    pool = import_module("google.protobuf.descriptor_pool").DescriptorPool()
    factory = import_module("google.protobuf.message_factory")
    file = descriptor_pb2.FileDescriptorProto(name="telemetry.proto", package="bench", syntax="proto3")
    message = file.message_type.add(name="Telemetry")
    kinds = descriptor_pb2.FieldDescriptorProto
    for number, field in enumerate(FIELDS, 1):
        kind = kinds.TYPE_SINT32 if field.kind.startswith("i") else kinds.TYPE_UINT32
        message.field.add(name=field.name, number=number, type=kind, label=kinds.LABEL_OPTIONAL)
    pool.Add(file)
    return factory.GetMessageClass(pool.FindMessageTypeByName("bench.Telemetry"))


def pyserialtransfer() -> Work:
    """Its own packets, with the struct packed at once, which is its fastest way; the port is a buffer in memory."""
    transfer = import_module("pySerialTransfer.pySerialTransfer").SerialTransfer("memory", restrict_ports=False)
    transfer.connection = line = _Line()
    pack, unpack = STRUCT.pack, STRUCT.unpack

    def there_and_back() -> object:
        transfer.send(transfer.tx_struct_obj(pack(CODE, *COUNTS)))
        line.turn()
        return unpack(bytes(transfer.rx_buff[: transfer.available()]))

    assert there_and_back() == (CODE, *COUNTS)
    return there_and_back


class _Line:
    """What pySerialTransfer needs of a port."""

    is_open = True

    def __init__(self) -> None:
        self._written, self._held, self._place = b"", b"", 0

    def write(self, data: bytes) -> None:
        """Into memory."""
        self._written = bytes(data)

    def turn(self) -> None:
        """What was written can be read."""
        self._held, self._place = self._written, 0

    @property
    def in_waiting(self) -> int:
        """Bytes that were not read yet."""
        return len(self._held) - self._place

    def read(self, size: int = 1) -> bytes:
        """So many bytes."""
        data = self._held[self._place : self._place + size]
        self._place += len(data)
        return data


def construct() -> Work:
    """The declarative way."""
    library = import_module("construct")
    kinds = {"u8": library.Int8ul, "u16": library.Int16ul, "u32": library.Int32ul, "i16": library.Int16sl}
    layout = library.Struct("code" / library.Int8ul, *(field.name / kinds[field.kind] for field in FIELDS))
    message = {"code": CODE} | {field.name: count for field, count in zip(FIELDS, COUNTS, strict=True)}
    deframer = Deframer()

    def there_and_back() -> object:
        [payload] = deframer.feed(framing.encode(layout.build(message)))
        return layout.parse(payload)

    got: Any = there_and_back()
    assert got.nonce == COUNTS[0]
    return there_and_back


def pydantic() -> Work:
    """A model that checks each frame."""
    names = [field.name for field in FIELDS]
    fields: dict[str, Any] = dict.fromkeys(names, (int, ...))
    deframer, model = Deframer(), create_model("Telemetry", **fields)
    message = model(**dict(zip(names, COUNTS, strict=True)))

    def there_and_back() -> object:
        [payload] = deframer.feed(framing.encode(STRUCT.pack(CODE, *dict(message).values())))
        assert isinstance(payload, bytes)
        return model(**dict(zip(names, STRUCT.unpack(payload)[1:], strict=True)))

    assert there_and_back() == message
    return there_and_back


def pure() -> Work:
    """Ours where the C extension of `cobs` could not be built."""
    spec = find_spec("protocol.framing")
    assert spec is not None
    assert spec.loader is not None
    plain = module_from_spec(spec)
    spec.loader.exec_module(plain)
    vars(plain)["cobs"] = import_module("cobs.cobs._cobs_py")
    deframer = plain.Deframer()

    def there_and_back() -> object:
        [payload] = deframer.feed(plain.encode(pack(SAMPLE)))
        return unpack_from_unit(payload)

    assert there_and_back() == SAMPLE
    return there_and_back


PEERS: Final[dict[str, tuple[Callable[[], Work], int]]] = {
    "ours": (ours, 1),
    "struct": (bare_struct, 1),
    "protobuf": (protobuf, 2),
    "pymavlink": (pymavlink, 10),
    "pyserialtransfer": (pyserialtransfer, 50),
    "construct": (construct, 20),
    "pydantic": (pydantic, 4),
    "pure": (pure, 10),
}
"""Each with how many times seldomer than ours it is run, so that none takes most of the time."""


# ---- a stream in chunks ---------------------------------------------------------------------------------------------

STREAM: Final = frame(SAMPLE) * FRAMES


def deframe(chunks: list[bytes]) -> int:
    """Ours; how many payloads came out."""
    feed, count = Deframer().feed, 0
    for chunk in chunks:
        for _ in feed(chunk):
            count += 1
    assert count == FRAMES
    return count


def split(chunks: list[bytes]) -> int:
    """The floor: no bounds, nothing counted, damage passed over."""
    rest, count, decode = b"", 0, cobs.decode
    for chunk in chunks:
        *bodies, rest = (rest + chunk).split(b"\0")
        for body in bodies:
            if body:
                checked = decode(body)
                if not crc_hqx(checked, 0xFFFF):
                    _ = checked[:-2]
                    count += 1
    assert count == FRAMES
    return count
