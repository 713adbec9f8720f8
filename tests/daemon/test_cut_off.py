"""Which senders are cut off: those of a source that is down, or behind for long."""

from __future__ import annotations

from typing import Any

from aiops.daemon.cut_off import ALL, BEHIND_S, LATEST_S, MAX_SENDERS, UNKNOWN_S, CutOff
from aiops.ports import Received
from aiops.records import Alert, Metric


class Site:
    """Sources with a health that tests set, and a clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.health: dict[str, dict[str, Any]] = {"kafka": {"ok": True}, "http": {"ok": True}}
        self.cut_off = CutOff(lambda: self.health, lambda: self.now)

    def brings(self, source: str, *senders: str | None) -> None:
        records = [Alert(ts=1.0, name="x", source=sender) for sender in senders]
        self.cut_off.count([Received([*records, Metric(ts=1.0, entity="e", name="m", value=1.0)], source=source)])

    def names(self, after_s: float = LATEST_S) -> list[str]:
        self.now += after_s
        return self.cut_off.names()


def test_senders_of_a_source_that_is_down_are_cut_off() -> None:
    site = Site()
    site.brings("kafka", "zabbix", "alertmanager")
    site.brings("http", "grafana")
    assert site.names() == []
    site.health["kafka"] = {"ok": False}
    assert site.names() == ["alertmanager", "zabbix"]
    site.health["kafka"] = {"ok": True, "connected": False}
    assert site.names() == ["alertmanager", "zabbix"]
    site.health["kafka"] = {"ok": True, "partitions": 0}
    assert site.names() == ["alertmanager", "zabbix"]
    site.health["kafka"] = {"ok": True, "connected": True, "partitions": 3}
    assert site.names() == []


def test_a_backlog_counts_once_it_lasts() -> None:
    site = Site()
    site.brings("kafka", "zabbix")
    site.health["kafka"] = {"ok": True, "lag": {"alerts/0": 7}}
    assert site.names() == []
    assert site.names(BEHIND_S - LATEST_S) == []
    site.health["kafka"] = {"ok": True, "lag": {"alerts/0": 0}}
    assert site.names() == []
    site.health["kafka"] = {"ok": True, "lag": {"alerts/0": 7}}
    assert site.names() == []
    assert site.names(BEHIND_S) == ["zabbix"]


def test_a_source_that_has_brought_nothing_stands_for_all_for_a_while() -> None:
    site = Site()
    site.health["kafka"] = {"ok": False}
    assert site.names() == [ALL]
    assert site.names(UNKNOWN_S) == []


def test_senders_without_a_name_or_too_many_stand_for_all() -> None:
    site = Site()
    site.brings("http", None)
    site.brings("kafka", *[f"s{number}" for number in range(3 * MAX_SENDERS)])
    site.health["kafka"] = {"ok": False}
    assert site.names() == [ALL]
    site.health = {"http": {"ok": False}}
    assert site.names() == [ALL]


def test_sources_are_looked_at_once_in_some_seconds() -> None:
    site = Site()
    site.brings("kafka", "zabbix")
    assert site.names() == []
    site.health["kafka"] = {"ok": False}
    assert site.names(LATEST_S / 2) == []
    assert site.names(LATEST_S / 2) == ["zabbix"]
