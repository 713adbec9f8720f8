"""Alerts in Alertmanager's form: labels as they were sent, fingerprints, states, filters and groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.errors import UsageError
from aiops.matchers import read_matchers
from aiops.notify.routing_view import Routed
from aiops.records import Action, Alert
from aiops.web.alertmanager_alerts import (
    MAX_FILTERS,
    Filter,
    GettableAlert,
    alerts_of,
    filter_of,
    gettable,
    matchers_of,
)
from aiops.web.alertmanager_groups import INCIDENT, groups_of
from aiops.web.label_fingerprint import label_fingerprint
from tests.web.conftest import NOW, SmallHost

RUNBOOK = "https://r.example/latency"


def prometheus(name: str, at: float = NOW, severity: str = "page", **labels: str) -> Alert:
    """An alert as the mapping makes it of what Prometheus posts."""
    return Alert(
        ts=at,
        name=name,
        source="alertmanager",
        severity="critical" if severity == "page" else severity,
        entity=labels.get("instance"),
        labels={"alertname": name, "severity": severity, **labels, "runbook_url": RUNBOOK},
        annotations={"summary": f"{name} is high", "runbook_url": RUNBOOK},
        starts_at=at - 60,
        ends_at=at + 300,
        url="https://prom.example/g",
    )


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SmallHost]:
    made = SmallHost(tmp_path)
    made.fold(
        [
            prometheus("HighLatency", instance="web-1"),
            prometheus("DiskFull", severity="warning", instance="db-1", team="db"),
            Alert(ts=NOW, name="Checkout is down", source="datadog", severity="critical", entity="checkout", key="7"),
        ]
    )
    yield made
    made.runs.close()
    made.store.close()


def shown(host: SmallHost, *query: tuple[str, str]) -> list[str]:
    return sorted(one.labels["alertname"] for _, one in alerts_of(host, filter_of(query), NOW))


def named(host: SmallHost, name: str) -> GettableAlert:
    return next(one for _, one in alerts_of(host, Filter([]), NOW) if one.labels["alertname"] == name)


def test_an_alert_of_prometheus_has_the_labels_and_annotations_that_were_sent(host: SmallHost) -> None:
    found = named(host, "HighLatency")
    assert found.labels == {"alertname": "HighLatency", "severity": "page", "instance": "web-1"}
    assert found.annotations == {"summary": "HighLatency is high", "runbook_url": RUNBOOK}
    assert (found.starts_at, found.updated_at) == ("2026-03-01T21:19:00.000Z", "2026-03-01T21:20:00.000Z")
    assert found.ends_at == "2026-03-01T21:25:00.000Z"
    assert found.generator_url == "https://prom.example/g"
    assert found.status.state == "active"
    assert [one.name for one in found.receivers] == ["pager", "chat"]


def test_a_label_of_the_same_name_as_the_runbook_s_stays(host: SmallHost) -> None:
    own = prometheus("Own", instance="web-2")
    own.labels["runbook_url"] = "https://other.example"
    host.fold([own])
    assert named(host, "Own").labels["runbook_url"] == "https://other.example"


def test_an_alert_of_another_tool_has_the_labels_by_which_it_is_found(host: SmallHost) -> None:
    found = named(host, "Checkout is down")
    assert found.labels == {
        "alertname": "Checkout is down",
        "severity": "critical",
        "entity": "checkout",
        "source": "datadog",
    }


def test_a_resolved_alert_is_not_shown(host: SmallHost) -> None:
    end = prometheus("HighLatency", NOW + 1, instance="web-1")
    end.status, end.ends_at = "resolved", NOW + 1
    host.fold([end])
    assert shown(host) == ["Checkout is down", "DiskFull"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        # As Alertmanager 0.25 answers for these labels.
        ({"alertname": "DiskFull", "instance": "db-1", "severity": "critical"}, "9556f853bb27ef8b"),
        (
            {"alertname": "HighLatency", "instance": "web-1:9100", "service": "checkout", "severity": "page"},
            "9da303812da88cc6",
        ),
        ({"alertname": "Käse", "b": "\u20ac \U0001f642"}, "2ad0c190c80ccd26"),
    ],
)
def test_the_fingerprint_is_prometheus_own(labels: dict[str, str], expected: str) -> None:
    assert label_fingerprint(labels) == label_fingerprint(dict(reversed(labels.items()))) == expected


def silence(name: str, text: str) -> Action:
    return Action(ts=NOW, verb="silence", args={"id": name, "matchers": text, "until": str(NOW + 3_600)})


def test_a_silenced_alert_is_suppressed_by_all_silences_that_match(host: SmallHost) -> None:
    host.fold([silence("b", "severity=page"), silence("a", "instance=web-1"), silence("c", "team=db, severity=page")])
    status = named(host, "HighLatency").status
    assert (status.state, status.silenced_by) == ("suppressed", ["b", "a"])
    assert named(host, "DiskFull").status.silenced_by == []
    assert shown(host, ("silenced", "false")) == ["Checkout is down", "DiskFull"]
    assert shown(host, ("active", "false")) == ["HighLatency"]


def test_an_inhibited_alert_is_suppressed(host: SmallHost) -> None:
    host.routing.inhibited["DiskFull"] = "HighLatency"
    status = named(host, "DiskFull").status
    assert (status.state, status.inhibited_by) == ("suppressed", [named(host, "HighLatency").fingerprint])
    assert shown(host, ("inhibited", "false")) == ["Checkout is down", "HighLatency"]


def test_a_muted_alert_is_suppressed(host: SmallHost) -> None:
    host.routing.muted["DiskFull"] = ["weekends"]
    status = named(host, "DiskFull").status
    assert (status.state, status.muted_by) == ("suppressed", ["weekends"])
    assert shown(host, ("muted", "false")) == ["Checkout is down", "HighLatency"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("filter", "severity=page")], ["HighLatency"]),
        ([("filter", 'severity!="page"')], ["Checkout is down", "DiskFull"]),
        ([("filter", 'instance=~"db.*|web.*"'), ("filter", "team=db")], ["DiskFull"]),
        ([("filter", "team=")], ["Checkout is down", "HighLatency"]),
        ([("filter", 'team!=""')], ["DiskFull"]),
        ([("receiver", "pager")], ["Checkout is down", "HighLatency"]),
        ([("receiver", "pag")], []),
        ([("receiver", "pag.*|chat")], ["Checkout is down", "DiskFull", "HighLatency"]),
        ([("unprocessed", "false")], ["Checkout is down", "DiskFull", "HighLatency"]),
    ],
)
def test_filters_are_alertmanager_s(host: SmallHost, query: list[tuple[str, str]], expected: list[str]) -> None:
    assert shown(host, *query) == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ([("filter", "severity")], "matcher"),
        ([("filter", "a=b,c=d")], "expected one"),
        ([("filter", "a=~(")], "regular expression"),
        ([("receiver", "(?=x)")], "RE2"),
        ([("active", "maybe")], "true or false"),
        ([("limit", "3")], "unknown parameter"),
        ([("filter", "a=b")] * (MAX_FILTERS + 1), "at most"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused(host: SmallHost, query: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        alerts_of(host, filter_of(query), NOW)


def test_matchers_of_a_filter_are_one_each() -> None:
    assert matchers_of([("filter", "a=b"), ("filter", "c!=d"), ("x", "y")]) == list(read_matchers("a=b, c!=d"))


def test_groups_are_incidents_by_receiver(host: SmallHost) -> None:
    found = groups_of(host, Filter([]), NOW)
    places = {(one.receiver.name, one.labels.get(INCIDENT)) for one in found}
    assert len(places) == len(found)
    for group in found:
        assert all(group.receiver in one.receivers for one in group.alerts)
        incidents = {one.incident for one, made in alerts_of(host, Filter([]), NOW) if made in group.alerts}
        assert incidents == {group.labels[INCIDENT]}
    assert {one.receiver.name for one in groups_of(host, filter_of([("receiver", "chat")]), NOW)} == {"chat"}


def test_an_alert_in_a_cluster_that_was_too_full_has_the_labels_of_its_identity(host: SmallHost) -> None:
    stream = next(iter(host.engine.dedup.streams.values()))
    home = host.engine.clusters.home(stream)
    assert home is not None
    home.members.clear()
    alert = next(one for one in host.firing() if one.name == stream.name)
    assert gettable(alert, Routed([], [], []), []).labels == {
        "alertname": "HighLatency",
        "severity": "page",
        "instance": "web-1",
    }


def test_texts_of_a_sender_are_kept_as_they_are(host: SmallHost) -> None:
    hostile: dict[str, Any] = {"x": '<script>"\\\n', "y": "\ud7ff{{ 1 }}"}
    host.fold([prometheus("Hostile", **hostile)])
    assert named(host, "Hostile").labels["x"] == hostile["x"]
