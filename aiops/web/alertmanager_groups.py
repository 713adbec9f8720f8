"""Alert groups in Alertmanager's form: one a receiver and incident.

The engine groups by correlation. The labels of a group are what its alerts have in common, and the id of the incident.
Alerts that are background, of which nobody is notified, are in one group a receiver without an incident.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from aiops.web.alertmanager_alerts import Filter, GettableAlert, Receiver, alerts_of
from aiops.web.host import Host

INCIDENT = "incident"


class AlertGroup(Struct):
    """Alerts of one incident for one receiver."""

    alerts: list[GettableAlert]
    labels: dict[str, str]
    receiver: Receiver


def groups_of(host: Host, wanted: Filter, at: float) -> list[AlertGroup]:
    """Return the groups of the alerts that pass the filter at a time, by receiver and incident."""
    found: defaultdict[tuple[str, str], list[GettableAlert]] = defaultdict(list)
    names = wanted.receiver_test()
    for alert, shown in alerts_of(host, wanted, at):
        for receiver in shown.receivers:
            if names(receiver.name):
                found[receiver.name, alert.incident or ""].append(shown)
    return [_group(receiver, incident, found[receiver, incident]) for receiver, incident in sorted(found)]


def _group(receiver: str, incident: str, alerts: list[GettableAlert]) -> AlertGroup:
    labels = common(alert.labels for alert in alerts)
    if incident:
        labels[INCIDENT] = incident
    return AlertGroup(alerts, labels, Receiver(receiver))


def common(labels: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return the labels with the same value in all sets.

    >>> common([{"a": "1", "b": "2"}, {"a": "1", "b": "3"}])
    {'a': '1'}
    """
    sets = iter(labels)
    found = set(next(sets, {}).items())
    for other in sets:
        found &= other.items()
    return dict(sorted(found))
