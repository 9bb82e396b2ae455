"""Counters of the hub in Prometheus' text format (version 0.0.4). Numbers only, never a mood.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hub.process_stats import process_stats
from hub.supervisor import State
from hub.views import Views

if TYPE_CHECKING:
    from hub.api.context import Context

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MB = 1e6

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """One family: its samples differ by their labels."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: tuple[tuple[Labels, float], ...]


def text(metrics: Iterable[Metric]) -> str:
    """Return metrics in the text format; families without a sample are left out."""
    lines: list[str] = []
    for metric in metrics:
        if metric.samples:
            name = f"moodsync_{metric.name}"
            lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind}"]
            lines += [f"{name}{_labels(labels)} {value!r}" for labels, value in metric.samples]
    return "\n".join([*lines, ""])


def collect(context: "Context") -> tuple[Metric, ...]:
    """Return what the hub counts."""
    hub, events, doors = context.hub, context.events, context.doors
    counts, sense, own = hub.counters, hub.link.stats(), process_stats()
    health = hub.supervisor.health()
    return (
        _one("info", "gauge", "The version that runs.", 1, version=context.version),
        _one("uptime_seconds", "gauge", "Since the start.", hub.clock.monotonic() - hub.started),
        _one("readings_total", "counter", "Readings of all senses.", counts.readings),
        _one("moods_total", "counter", "Moods that were published.", counts.moods),
        _one("decisions_total", "counter", "Decisions of rules.", counts.decisions),
        _one("commands_total", "counter", "Commands to devices.", counts.commands),
        _many("outcomes_total", "counter", "Commands by outcome.", "status", counts.outcomes),
        _many("drops_total", "counter", "Lost by full queues.", "queue", Views(hub).drops()),
        _many(
            *("service_up", "gauge", "1 while a service runs.", "service"),
            {one.name: float(one.state is State.RUNNING) for one in health},
        ),
        _many(
            *("service_restarts_total", "counter", "Restarts of a service.", "service"),
            {one.name: one.restarts for one in health},
        ),
        _one("sense_deaths_total", "counter", "Ends of the sensing process.", sense.deaths),
        _one("sense_violations_total", "counter", "Refused messages of it.", sense.violations),
        _many(
            *("resident_bytes", "gauge", "Memory of a process.", "process"),
            {
                name: mb * MB
                for name, mb in (("hub", own.rss_mb if own else None), ("sense", sense.rss_mb))
                if mb is not None
            },
        ),
        _many("push_total", "counter", "Push messages.", "result", context.sender.counts),
        _one("api_live_clients", "gauge", "Open WebSockets.", len(events)),
        _one("api_slow_clients_total", "counter", "Closed for being slow.", events.closed_slow),
        _one("api_connections", "gauge", "Open connections.", len(doors) if doors else 0),
        _one(
            *("api_refused_connections_total", "counter", "Refused: too many at once."),
            doors.refused if doors else 0,
        ),
    )


def _one(
    name: str, kind: Literal["counter", "gauge"], text: str, value: float, **labels: str
) -> Metric:
    return Metric(name, kind, text, ((labels, value),))


def _many(
    name: str,
    kind: Literal["counter", "gauge"],
    text: str,
    label: str,
    values: Mapping[str, float],
) -> Metric:
    samples = tuple(({label: key}, value) for key, value in sorted(values.items()))
    return Metric(name, kind, text, samples)


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
