"""Metrics: what is counted, and how Prometheus reads it."""

import os

from prometheus_client.parser import text_string_to_metric_families

from server.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    """What is read, by name and label (without the process)."""
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            assert sample.labels.pop("process") == str(os.getpid())
            found[sample.name, ",".join(f"{name}={value}" for name, value in sample.labels.items())] = sample.value
    return found


def test_each_number_says_its_process_and_its_unit() -> None:
    metrics = Metrics()
    families = list(text_string_to_metric_families(metrics.text().decode()))
    ours = {family.name: family.type for family in families if family.name.startswith("grille_")}
    assert ours == {
        "grille_rooms": "gauge",
        "grille_seats": "gauge",
        "grille_people_present": "gauge",
        "grille_seat_queue_bytes_max": "gauge",
        "grille_tick_duration_seconds": "histogram",
        "grille_frames_sent": "counter",
        "grille_frame_bytes": "counter",
        "grille_slow_seats_closed": "counter",
        "grille_gestures": "counter",
        "grille_votes_per_commit": "histogram",
        "grille_transaction_duration_seconds": "histogram",
        "grille_letters": "counter",
        "grille_http_requests": "counter",
        "grille_http_request_duration_seconds": "histogram",
        "grille_errors": "counter",
    }
    assert [family.name for family in families if not family.documentation] == []
    assert samples(metrics)["process_resident_memory_bytes", ""] > 0


def test_what_happens_is_counted() -> None:
    metrics = Metrics()
    metrics.commit(0.002, {"vote_cast": 3})
    metrics.commit(0.004, {"vote_cast": 1})
    metrics.votes_per_commit.observe(3)
    metrics.error(RuntimeError("secret"))
    metrics.request("GET", "home.show", 200, 0.004)
    metrics.request("GET", "home.show", 304, 0.004)
    metrics.request("BREW", "none", None, 0.004)
    read = samples(metrics)
    assert read["grille_gestures_total", "kind=vote_cast"] == 4
    assert (read["grille_votes_per_commit_bucket", "le=2.0"], read["grille_votes_per_commit_sum", ""]) == (0, 3)
    assert read["grille_errors_total", "type=RuntimeError"] == 1
    assert {labels: value for (name, labels), value in read.items() if name == "grille_http_requests_total"} == {
        "method=GET,route=home.show,status=2xx": 1,
        "method=GET,route=home.show,status=3xx": 1,
        "method=OTHER,route=none,status=none": 1,
    }
    assert read["grille_http_request_duration_seconds_count", "method=GET,route=home.show"] == 2
    assert b"secret" not in metrics.text()


def test_a_gauge_may_be_asked_at_each_reading() -> None:
    metrics = Metrics()
    seats = [1, 2]
    metrics.seats.set_function(lambda: len(seats))
    assert samples(metrics)["grille_seats", ""] == 2
    seats.clear()
    assert samples(metrics)["grille_seats", ""] == 0


def test_two_applications_share_no_number() -> None:
    one, other = Metrics(), Metrics()
    one.frames.inc()
    assert [samples(each)["grille_frames_sent_total", ""] for each in (one, other)] == [1, 0]
