"""The frame: counts, the sentence of conservation, and the one banner."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, cast

import pytest

from aiops.pages.frame import FRESH_S, Counts, FrameReader, frame_of
from aiops.web.host import Host


class Told:
    """A host with the health that a test names."""

    def __init__(self, host: Any, **health: Any) -> None:
        self._host = host
        self._health = {"status": "ok", "conserved": True, "accounted": 4_673, **health}
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def health(self) -> Mapping[str, Any]:
        self.reads += 1
        return self._health


def told(site: Any, **health: Any) -> Host:
    return cast(Host, Told(site.host, **health))


def stopped(*scopes: str, initial: bool = False) -> dict[str, Any]:
    texts = (f"kill switch {scope} is engaged since 10:00 by aiops" for scope in scopes)
    pairs = zip(scopes, texts, strict=True)
    return {"stopped": [{"scope": scope, "text": text, "is_initial": initial} for scope, text in pairs]}


def test_the_counts_are_those_of_the_store(site: Any) -> None:
    assert frame_of(site.host).counts == Counts(1, 0, 1)
    assert site.client.post(f"/api/v1/incidents/{site.incident}/resolve", json={}).status_code == 200
    until = {"matchers": [{"label": "a", "op": "=", "value": "b"}], "until": 1_772_500_000.0}
    assert site.client.post("/api/v1/silences", json=until).status_code == 201
    assert frame_of(site.host).counts == Counts(0, 1, 1)


def test_conservation_is_claimed_only_where_it_was_measured(site: Any) -> None:
    assert frame_of(told(site)).accounts == "Nothing lost: all 4\u202f673 records accounted for"
    assert frame_of(told(site, accounted=0)).accounts == ""
    broken = frame_of(told(site, conserved=False))
    assert broken.accounts == "Sums differ: some of all 4\u202f673 records have no place"
    assert broken.mood == "critical"
    assert broken.banner is not None
    assert broken.banner.title == "Sums differ"


@pytest.mark.parametrize(
    ("health", "mood", "title"),
    [
        ({}, "ok", None),
        ({"warnings": ["a source is silent"]}, "warning", None),
        ({"status": "starting"}, "warning", None),
        ({"status": "degraded", "reason": "the disk is full"}, "critical", "Not accepting alerts"),
        ({"storm": True}, "ok", "Storm"),
        ({"late": {"ok": False, "detail": "source http: 1,500 records"}}, "ok", "Old alerts"),
        ({"runs": stopped("global", "playbook:restart", "team:a")}, "ok", "Automation is stopped"),
        ({"runs": stopped("playbook:restart")}, "ok", "Some automation is stopped"),
        ({"runs": {"breakers": [{"text": "the breaker of restart is open"}]}}, "ok", "A breaker is open"),
        ({"runs": stopped("global", initial=True)}, "ok", None),
    ],
)
def test_a_banner_names_the_worst_state(site: Any, health: dict[str, Any], mood: str, title: str | None) -> None:
    found = frame_of(told(site, **health))
    assert found.mood == mood
    assert (found.banner.title if found.banner is not None else None) == title
    if found.banner is not None:
        assert found.banner.text[:1].isupper()
        assert found.banner.text.endswith(".")


def test_pages_within_a_second_share_one_reading(site: Any) -> None:
    now = [100.0]
    host = Told(site.host)
    reader = FrameReader(cast(Host, host), lambda: now[0])
    for _ in range(5):
        reader.read()
    assert host.reads == 1
    now[0] += FRESH_S
    reader.read()
    assert host.reads == 2
    reader.forget()
    reader.read()
    assert host.reads == 3


def test_a_disk_that_fails_leaves_a_page_without_counts(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("aiops.pages.frame.incidents.counts", fail)
    assert frame_of(site.host).counts == Counts()
    assert site.client.get("/settings").status_code == 200


def test_the_banner_of_stops_counts_those_that_it_does_not_name(site: Any) -> None:
    banner = frame_of(told(site, runs=stopped("global", "playbook:a", "playbook:b"))).banner
    assert banner is not None
    assert "since 10:00 by aiops. Kill switch playbook:a" in banner.text
    assert banner.text.endswith("And 1 more.")
    assert banner.href == "/runs"
