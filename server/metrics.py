"""Metrics: the numbers of one application, in the form that Prometheus reads.

Each application has its own registry, and each process its own numbers: every sample says which by its label
`process`. prometheus_client's common files for several processes are left out: they are shared by everything in a
process, two applications included, and keep the last words of processes that were killed.
"""

import os
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}
NOWHERE = "none"  # an address that is no route of ours, an answer that was not given

TICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
TRANSACTION = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
REQUEST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
COMMIT = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Metrics:
    """What is counted. A gauge is set, or asked at each reading: `metrics.seats.set_function(lambda: …)`."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        self.process = str(os.getpid())
        ProcessCollector(registry=own)

        # The live room.
        self.rooms = Gauge("grille_rooms", "Rooms with somebody in them.", registry=own)
        self.seats = Gauge("grille_seats", "Screens that hold a seat.", registry=own)
        self.people = Gauge("grille_people_present", "People present, whatever their screens.", registry=own)
        self.queued_bytes = Gauge(
            "grille_seat_queue_bytes_max", "Bytes that wait for the seat that is most behind.", registry=own
        )
        self.tick = Histogram(
            "grille_tick_duration_seconds", "Drawing a room and handing it out, once.", buckets=TICK, registry=own
        )
        self.frames = Counter("grille_frames_sent", "Frames handed to seats.", registry=own)
        self.frame_bytes = Counter("grille_frame_bytes", "Bytes of those frames.", registry=own)
        self.slow_seats = Counter("grille_slow_seats_closed", "Seats asked to come back (1013).", registry=own)

        # What is written.
        self.gestures = Counter("grille_gestures", "Gestures committed, by kind.", ["kind"], registry=own)
        self.votes_per_commit = Histogram(
            "grille_votes_per_commit", "Votes that shared one commit.", buckets=COMMIT, registry=own
        )
        self.transaction = Histogram(
            "grille_transaction_duration_seconds",
            "A transaction, from its turn to its commit.",
            buckets=TRANSACTION,
            registry=own,
        )

        # What is sent.
        self.letters = Counter(
            "grille_letters", "Letters handed to the mail server, or not.", ["outcome"], registry=own
        )

        # What is asked.
        self.requests = Counter(
            "grille_http_requests", "Requests answered.", ["method", "route", "status"], registry=own
        )
        self.request_duration = Histogram(
            "grille_http_request_duration_seconds",
            "A request, until its answer is sent.",
            ["method", "route"],
            buckets=REQUEST,
            registry=own,
        )
        self._asked: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.errors = Counter("grille_errors", "What went wrong on our side, by type.", ["type"], registry=own)

    def commit(self, seconds: float, kinds: Mapping[str, int]) -> None:
        """A transaction was committed, with so many gestures of each kind."""
        self.transaction.observe(seconds)
        for kind, times in kinds.items():
            self.gestures.labels(kind).inc(times)

    def request(self, method: str, route: str, status: int | None, seconds: float) -> None:
        """A request was answered, or left without an answer."""
        method, family = method if method in METHODS else "OTHER", status // 100 if status else 0
        found = self._asked.get((method, route, family))
        if found is None:  # labels take longer to find than numbers to count
            answered = self.requests.labels(method, route, f"{family}xx" if family else NOWHERE)
            found = self._asked[method, route, family] = answered, self.request_duration.labels(method, route)
        found[0].inc()
        found[1].observe(seconds)

    def error(self, error: BaseException) -> None:
        """Something went wrong on our side."""
        self.errors.labels(type(error).__name__).inc()

    def text(self) -> bytes:
        """Every number, as Prometheus reads it."""
        return generate_latest(_Signed(self))


class _Signed(Collector):
    """A registry whose samples say which process they come from."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics

    def collect(self) -> Iterator[Metric]:
        for metric in self.metrics.registry.collect():
            metric.samples = [
                sample._replace(labels={**sample.labels, "process": self.metrics.process})
                for sample in metric.samples
                if not sample.name.endswith("_created")  # when counting began: one line in three, of use to nobody
            ]
            yield metric
