"""Firing alerts in Alertmanager's form: labels and annotations as they were sent, and filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from aiops.engine.firing import FiringAlert
from aiops.errors import UsageError
from aiops.matchers import Matcher, question, read_matcher
from aiops.patterns import Expression
from aiops.records.decode import format_time
from aiops.web.host import Host, Routed
from aiops.web.label_fingerprint import label_fingerprint

# A mapping makes this label of the annotations of these names; the sender sent no such label.
RUNBOOK = "runbook_url"
RUNBOOK_ANNOTATIONS = (RUNBOOK, "runbook")
# Filters of one request; amtool and karma send a few.
MAX_FILTERS = 32


class Receiver(Struct, gc=False):
    """An endpoint, by its name."""

    name: str


class AlertStatus(Struct, rename="camel", gc=False):
    """The state of an alert: active, or suppressed by silences (ids), inhibition (fingerprints), times."""

    state: str
    silenced_by: list[str]
    inhibited_by: list[str]
    muted_by: list[str]


NAMES = {
    "ends_at": "endsAt",
    "starts_at": "startsAt",
    "updated_at": "updatedAt",
    "generator_url": "generatorURL",
}


class GettableAlert(Struct, rename=NAMES, gc=False):
    """An alert as Alertmanager answers it."""

    annotations: dict[str, str]
    ends_at: str
    fingerprint: str
    receivers: list[Receiver]
    starts_at: str
    status: AlertStatus
    updated_at: str
    labels: dict[str, str]
    generator_url: str = ""


class Filter(Struct):
    """The filters of one request, of `/alerts` and `/alerts/groups`."""

    matchers: Sequence[Matcher]
    active: bool = True
    silenced: bool = True
    inhibited: bool = True
    unprocessed: bool = True
    muted: bool = True
    receiver: str | None = None

    def receiver_test(self) -> Callable[[str], bool]:
        """Return the test of a receiver's name; raise `UsageError` for an expression that does not fit."""
        return Expression(self.receiver).matches if self.receiver is not None else lambda name: True


def filter_of(query: Sequence[tuple[str, str]]) -> Filter:
    """Return the filter of a query string; raise `UsageError` for what does not fit."""
    made = Filter(matchers_of(query))
    for name, text in query:
        if name in ("active", "silenced", "inhibited", "unprocessed", "muted"):
            setattr(made, name, _flag(name, text))
        elif name == "receiver":
            made.receiver = text
        elif name != "filter":
            raise UsageError(f"query: unknown parameter {name[:80]!r}")
    return made


def matchers_of(query: Sequence[tuple[str, str]]) -> list[Matcher]:
    """Return the matchers of the parameters `filter`, one each; raise `UsageError`."""
    given = [text for name, text in query if name == "filter"]
    if len(given) > MAX_FILTERS:
        raise UsageError(f"filter: expected at most {MAX_FILTERS}; got {len(given)}")
    return [read_matcher(text) for text in given]


def alerts_of(host: Host, wanted: Filter, at: float) -> list[tuple[FiringAlert, GettableAlert]]:
    """Return the alerts that fire at a time and pass the filter, in the order of their fingerprints."""
    fits = _test(wanted)
    names = wanted.receiver_test()
    found = []
    firing = host.firing()
    prints = _Fingerprints(firing)
    for alert, routed in zip(firing, host.routing.routed(firing, at), strict=True):
        made = gettable(alert, routed, prints.of(routed.inhibited_by))
        is_received = wanted.receiver is None or any(names(receiver.name) for receiver in made.receivers)
        if is_received and fits(made):
            found.append((alert, made))
    return sorted(found, key=lambda pair: pair[1].fingerprint)


class _Fingerprints:
    """Prometheus' fingerprints of alerts by the engine's own."""

    def __init__(self, alerts: Sequence[FiringAlert]) -> None:
        self._alerts = alerts
        self._by_own: dict[str, FiringAlert] = {}

    def of(self, own: Sequence[str]) -> list[str]:
        """Return the fingerprints; made only where there is inhibition."""
        if own and not self._by_own:
            self._by_own = {alert.fingerprint: alert for alert in self._alerts}
        return [label_fingerprint(sent_labels(self._by_own[name])) for name in own]


def gettable(alert: FiringAlert, routed: Routed, inhibited_by: Sequence[str]) -> GettableAlert:
    """Return an alert as Alertmanager answers it."""
    labels = sent_labels(alert)
    silenced, muted = list(alert.silenced_by), list(routed.muted_by)
    state = "suppressed" if silenced or inhibited_by or muted else "active"
    return GettableAlert(
        annotations=annotations_of(alert),
        ends_at=format_time(alert.ends_at),
        fingerprint=label_fingerprint(labels),
        receivers=[Receiver(name) for name in routed.receivers],
        starts_at=format_time(alert.starts_at),
        status=AlertStatus(state, silenced, list(inhibited_by), muted),
        updated_at=format_time(alert.updated_at),
        labels=labels,
        generator_url=alert.url or "",
    )


def sent_labels(alert: FiringAlert) -> dict[str, str]:
    """Return the labels that were sent; for tools without `alertname`, those that name the alert.

    These are `alertname`, `severity`, `service`, `entity` and `source`, and no label of the tool is replaced.
    """
    labels = dict(alert.labels)
    if any(alert.annotations.get(name) == labels.get(RUNBOOK) for name in RUNBOOK_ANNOTATIONS):
        labels.pop(RUNBOOK, None)
    if "alertname" in labels:
        return labels
    own = {
        "alertname": alert.name,
        "severity": alert.severity,
        "service": alert.service,
        "entity": alert.entity,
        "source": alert.source,
    }
    return {**{name: value for name, value in own.items() if value}, **labels}


def annotations_of(alert: FiringAlert) -> dict[str, str]:
    """Return the sender's annotations; for tools that have none, the message and the link to the runbook."""
    if alert.annotations:
        return alert.annotations
    own = {"summary": alert.message, RUNBOOK: alert.labels.get(RUNBOOK)}
    return {name: value for name, value in own.items() if value}


def matching(matchers: Sequence[Matcher]) -> Callable[[Mapping[str, str]], bool]:
    """Return the test if labels match all matchers; an absent label is the empty text."""
    tests = [(matcher.label, question(matcher)) for matcher in matchers]
    return lambda labels: all(matches(labels.get(label, "")) for label, matches in tests)


def _test(wanted: Filter) -> Callable[[GettableAlert], bool]:
    matches = matching(wanted.matchers)

    def fits(alert: GettableAlert) -> bool:
        status = alert.status
        if (
            (not wanted.active and status.state == "active")
            or (not wanted.silenced and status.silenced_by)
            or (not wanted.inhibited and status.inhibited_by)
            or (not wanted.muted and status.muted_by)
        ):
            return False
        return matches(alert.labels)

    return fits


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false", "1", "0"):
        raise UsageError(f"query: {name}: expected true or false; got {text[:40]!r}")
    return text in ("true", "1")
