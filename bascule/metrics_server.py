"""Serves the metrics over HTTP, in a thread of its own: `http://127.0.0.1:PORT/metrics`.

One scrape at a time, each with a time limit, so that nobody can have many threads made beside the controller's. The
package prometheus-client writes the answer; it is the extra `metrics`.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from socketserver import TCPServer
from typing import TYPE_CHECKING, Final, NamedTuple

from .metrics import Overheard

if TYPE_CHECKING:
    from prometheus_client import Metric as Family

LOOPBACK: Final = "127.0.0.1"
SLOWEST_S: Final = 2.0
"""Chosen: a scrape takes some milliseconds; Prometheus gives one up after 10 s itself."""
LOOK_S: Final = 0.5
"""Chosen: how soon the thread sees that it shall end."""
PAUSE_S: Final = 0.1
"""Between two scrapes. Chosen: Prometheus asks every some seconds; a flood gets ten a second, and the controller the
rest of the processor."""
_log = logging.getLogger(__name__)


class Place(NamedTuple):
    """Where to serve."""

    host: str
    port: int


def place(text: str) -> Place:
    """`PORT` or `HOST:PORT`. Raises ValueError for what is neither, ImportError without prometheus-client."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"--metrics {text}: needs PORT or HOST:PORT, such as 9464")
    try:
        import_module("prometheus_client")
    except ImportError:
        raise ImportError("--metrics needs the extra metrics: pip install 'bascule[metrics]'") from None
    return Place(host.strip("[]") or LOOPBACK, int(port))


class Collected:
    """What prometheus-client asks for at each scrape."""

    def __init__(self, overheard: Overheard) -> None:
        self._overheard = overheard

    def collect(self) -> Iterable["Family"]:
        """Every metric that has a value now, as a family of prometheus-client's."""
        from prometheus_client import Metric as Family
        from prometheus_client.core import HistogramMetricFamily

        for metric in self._overheard.measured():
            counter = metric.name.endswith("_total")  # a family is named without that, its samples with it
            family = Family(metric.name.removesuffix("_total"), metric.help, "counter" if counter else "gauge")
            for labels, value in metric.values:
                family.add_sample(metric.name, labels, value)
            yield family
        for one in self._overheard.histograms():
            histogram = HistogramMetricFamily(one.name, one.help, labels=["table"])
            histogram.add_metric([one.table], one.buckets, one.sum_s)
            yield histogram


class Server(TCPServer):
    """One scrape at a time. Not the standard library's HTTPServer: that asks the name service who it is itself."""

    allow_reuse_address = True
    timeout = LOOK_S

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever scrapes has left in between, or was too slow."""
        _log.debug("A scrape by %s failed.", client_address, exc_info=True)


@contextmanager
def serving(overheard: Overheard, where: Place) -> Iterator[None]:
    """Serve until the end of the context. A port that is taken is a warning: no metrics, but the table is served."""
    from prometheus_client import MetricsHandler

    class Handler(MetricsHandler):
        """With a limit to how long a scrape may hold the next one up."""

        registry = Collected(overheard)
        timeout = SLOWEST_S

    try:
        server = Server(where, Handler)
    except OSError as error:
        _log.warning("No metrics at %s:%d: %s. Name another port with --metrics.", *where, error.strerror or error)
        yield
        return
    over = threading.Event()

    def serve() -> None:
        while not over.wait(PAUSE_S):
            server.handle_request()

    thread = threading.Thread(target=serve, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(SLOWEST_S)  # who reads slowly does not keep the controller from leaving
        server.server_close()
