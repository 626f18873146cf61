"""Every figure that the benchmarks give, and the target of those that have one.

The bounds were set before anything was tuned, from what the best stacks on the same machine need; they are ratios
wherever something can stand beside ours.
"""

from enum import StrEnum
from math import nan
from typing import Final, NamedTuple


class Sense(StrEnum):
    """Which side of the bound is the right one."""

    AT_MOST = "≤"
    AT_LEAST = "≥"
    SHOWN = ""


class Target(NamedTuple):
    """One row of the table. `unit`: "×" for a ratio. `bound` is not a number where there is none."""

    key: str
    what: str
    unit: str
    sense: Sense = Sense.SHOWN
    bound: float = nan

    @property
    def benchmark(self) -> str:
        """The module that measures it."""
        return self.key.partition(".")[0]


MOST, LEAST = Sense.AT_MOST, Sense.AT_LEAST

TARGETS: Final = (
    Target("codec.struct", "telemetry there and back, beside bare struct, cobs and a CRC residue", "×", MOST, 1.35),
    Target("codec.pymavlink", "the same with pymavlink (43 bytes, 16 fields), beside ours", "×", LEAST, 8.0),
    Target("codec.protobuf", "the same with protobuf in our frames, beside ours", "×", LEAST, 2.0),
    Target("codec.pyserialtransfer", "the same with pySerialTransfer, beside ours", "×", LEAST, 45.0),
    Target("codec.construct", "the same with construct in our frames, beside ours", "×"),
    Target("codec.pydantic", "the same with a pydantic model and struct in our frames, beside ours", "×"),
    Target("codec.pure", "ours with cobs in plain Python, beside ours", "×"),
    Target("codec.bytecodes", "instructions of Python for ours, there and back", ""),
    Target("codec.chunks_16", "deframing in chunks of 16 bytes, beside a bare split", "×", MOST, 1.2),
    Target("codec.chunks_64", "deframing in chunks of 64 bytes, beside a bare split", "×", MOST, 1.2),
    Target("codec.chunks_512", "deframing in chunks of 512 bytes, beside a bare split", "×", MOST, 1.2),
    Target("port.ours", "reading a telemetry from a pty, beside a bare os.read", "×"),
    Target("port.in_waiting", "the same with pyserial's read(in_waiting or 1), beside a bare os.read", "×"),
    Target("port.read_until", "the same with pyserial's read_until, beside a bare os.read", "×"),
    Target("port.thread", "the same through a reader thread and a queue, beside a bare os.read", "×"),
    Target("stop.floor", "stop, from MQTT to the last byte on a pty, idle, p50, beside the floor in C", "×", MOST, 1.7),
    Target("stop.aiomqtt", "the same with aiomqtt at p50, beside ours", "×", LEAST, 1.25),
    Target("stop.paho", "the same from paho's callback at p50, beside ours", "×"),
    Target("stop.idle_p50", "ours, idle, p50", "ms"),
    Target("stop.idle_p99", "ours, idle, p99", "ms"),
    Target("stop.busy_p50", "ours, while a thread holds the interpreter, p50", "ms"),
    Target("stop.busy_p99", "ours, while a thread holds the interpreter, p99", "ms", MOST, 5.0),
    Target("stop.stock", "stock Mosquitto, stops 20 ms apart: p50 beside the same with nodelay", "×", MOST, 1.3),
    Target("stop.trap", "there, one connection for all with state at QoS 1: p50 beside ours", "×"),
    Target(
        "motion.simulator_down_rest", "a stop at full speed going down, to rest, simulated, at worst", "s", MOST, 1.3
    ),
    Target("motion.simulator_down_travel", "the same: how far it goes on", "°", MOST, 1.5),
    Target("motion.simulator_down_braking", "the same: peak deceleration", "°/s²", MOST, 5.0),
    Target("motion.simulator_up_rest", "a stop at full speed coming up, to rest, simulated, at worst", "s", MOST, 1.3),
    Target("motion.simulator_up_travel", "the same: how far it goes on", "°", MOST, 1.5),
    Target("motion.simulator_up_braking", "the same: peak deceleration", "°/s²", MOST, 5.0),
    Target(
        "motion.chip_down_rest", "a stop at full speed going down, to rest, emulated chip, at worst", "s", MOST, 1.3
    ),
    Target("motion.chip_down_travel", "the same: how far it goes on", "°", MOST, 1.5),
    Target("motion.chip_down_braking", "the same: peak deceleration", "°/s²", MOST, 5.0),
    Target("motion.chip_up_rest", "a stop at full speed coming up, to rest, emulated chip, at worst", "s", MOST, 1.3),
    Target("motion.chip_up_travel", "the same: how far it goes on", "°", MOST, 1.5),
    Target("motion.chip_up_braking", "the same: peak deceleration", "°/s²", MOST, 5.0),
    Target("daemon.floor", "CPU at 50 Hz and two states a second, beside a raw loop with the same I/O", "×", MOST, 1.5),
    Target("daemon.usual", "the usual way (paho, pyserial, pydantic), beside ours", "×", LEAST, 1.8),
    Target("daemon.floor_control", "ours, beside that raw loop with the controller's steps in it", "×", MOST, 1.5),
    Target("daemon.usual_control", "the usual way with the controller's steps in it, beside ours", "×", LEAST, 1.8),
    Target("daemon.cpu", "CPU of the daemon, of one core", "%"),
    Target("daemon.memory", "resident memory", "MB", MOST, 45.0),
    Target("daemon.start", "start to first telemetry handled", "s", MOST, 0.6),
    Target("daemon.start_cpu", "the processor's time for that", "s"),
    Target("daemon.leases", "24 daemons on this machine: tables whose lease or host was lost", "", MOST, 0.0),
    Target("simulation.loop", "the whole closed loop, in one process", "× real time", LEAST, 700.0),
    Target("simulation.bytecodes", "instructions of Python for 20 ms of it", ""),
    Target("simulation.session", "a session of 18 minutes", "s", MOST, 1.6),
    Target("simulation.mujoco", "physics alone, beside MuJoCo's bare hinge at the same steps", "×", LEAST, 3.0),
    Target("simulation.campaign", "a campaign on two processes, beside one", "×", LEAST, 1.8),
    Target("loop.answer_p50", "telemetry to answer, over a pty, p50", "µs"),
    Target("loop.answer_p99", "telemetry to answer, over a pty, p99", "µs"),
    Target("loop.period_p99", "two answers further apart than their telemetries, or closer, p99", "µs"),
    Target("loop.asyncio_p99", "a timer of asyncio (call_at) every 20 ms, late by, p99", "µs"),
    Target("loop.floor_p99", "a timer in C (clock_nanosleep) every 20 ms, late by, p99", "µs"),
    Target("loop.told_p99", "the daemon's jitter as its health document tells it, p99", "µs"),
    Target("loop.told_rt_p99", "the same with real-time priority", "µs"),
    Target("loop.told_busy_p99", "the same without, while another process keeps each core busy", "µs"),
    Target("loop.told_busy_rt_p99", "the same with real-time priority", "µs"),
    Target("growth.telemetry", "CPU at 200 Hz of telemetry, beside 50 Hz", "×"),
    Target("growth.states", "CPU at 10 states a second, beside 2", "×"),
    Target("growth.tables", "stop at p50 with 200 tables on one broker, beside 1", "×"),
    Target("growth.history", "saving a session when there is a year of them, beside a day", "×"),
)
BENCHMARKS: Final = tuple(dict.fromkeys(target.benchmark for target in TARGETS))
"""In the order of the table."""
