"""What people do at a receiver is applied once, for an incident of ours, and only while it is news."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.ports import Reply
from aiops.store import audit, incidents
from aiops.web import callbacks
from tests.web.conftest import NOW, Site

GENUINE = {"x-signature": "genuine"}


def reply(site: Site, verb: str = "acknowledge", number: str = "e-1", **more: Any) -> Reply:
    values = {"id": number, "verb": verb, "incident": site.incident, "actor": "Ann (PagerDuty)", "at": NOW, **more}
    return msgspec.convert(values, Reply)


def report(site: Site, *replies: Reply, headers: dict[str, str] | None = None, endpoint: str = "pager") -> int:
    body = msgspec.json.encode(replies)
    answer = site.client.post(f"/callbacks/{endpoint}", content=body, headers=GENUINE if headers is None else headers)
    assert answer.content == b"" if answer.status_code == 200 else answer.json()["error"]
    return int(answer.status_code)


def status(site: Site) -> str | None:
    stored = incidents.get(site.host.store.database.reader, site.incident)
    assert stored is not None
    return stored.incident.status


def actions(site: Site) -> list[tuple[str | None, str]]:
    found = audit.entries(site.host.store.database.reader, incident=site.incident)
    return [(entry.actor, entry.text) for entry in found if entry.topic == "feedback"]


def test_an_action_is_applied_once_with_its_person(site: Site) -> None:
    for _ in range(3):
        assert report(site, reply(site)) == 200
    assert status(site) == "acknowledged"
    assert actions(site) == [
        (
            "Ann (PagerDuty)",
            "acknowledge applied: acknowledged; endpoints that know it get one update, and nobody is called",
        )
    ]
    assert report(site, reply(site, "resolve", "e-2")) == 200
    assert status(site) == "resolved"
    assert len(actions(site)) == 2


def test_the_report_of_an_end_that_is_known_changes_nothing(site: Site) -> None:
    """Also after a restart, when no report is remembered: the state decides."""
    assert report(site, reply(site, "resolve")) == 200
    for number in ("e-2", "e-3"):
        assert report(site, reply(site, "resolve", number)) == 200
        assert report(site, reply(site, "acknowledge", f"{number}-a")) == 200
    assert len(actions(site)) == 1


def test_a_report_from_before_the_last_opening_is_stale(site: Site) -> None:
    assert report(site, reply(site, at=NOW - 61)) == 200
    assert (status(site), actions(site)) == ("open", [])
    # Its clock may be a little behind ours; some receivers state no time.
    assert report(site, reply(site, number="e-2", at=NOW - 59)) == 200
    assert status(site) == "acknowledged"
    assert report(site, reply(site, "resolve", "e-3", at=None)) == 200
    assert status(site) == "resolved"


@pytest.mark.parametrize("incident", ["i-unknown", "", "aiops/x", "' or 1=1 --", "x" * 5_000])
def test_an_incident_of_others_is_left_alone(site: Site, incident: str) -> None:
    assert report(site, reply(site, incident=incident)) == 200
    assert (status(site), actions(site)) == ("open", [])


def test_a_report_comes_again_if_the_engine_is_busy(site: Site) -> None:
    site.host.busy = True
    assert report(site, reply(site)) == 503
    site.host.busy = False
    assert report(site, reply(site)) == 200
    assert status(site) == "acknowledged"


@pytest.mark.parametrize(
    ("headers", "endpoint", "answer"),
    [
        ({}, "pager", 401),
        ({"x-signature": "other"}, "pager", 401),
        (GENUINE, "chat", 404),
        ({**GENUINE, "origin": "https://evil.example"}, "pager", 403),
        ({**GENUINE, "host": "evil.example"}, "pager", 403),
    ],
)
def test_a_report_without_proof_or_place_is_refused(
    site: Site, headers: dict[str, str], endpoint: str, answer: int
) -> None:
    assert report(site, reply(site), headers=headers, endpoint=endpoint) == answer
    assert (status(site), actions(site)) == ("open", [])


def test_a_report_has_a_bound_and_one_method(site: Site) -> None:
    assert site.client.post("/callbacks/pager", content=b" " * 300_000, headers=GENUINE).status_code == 413
    assert site.client.get("/callbacks/pager", headers=GENUINE).status_code == 405


def test_what_is_remembered_of_reports_is_bounded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "MAX_SEEN", 2)
    for number in range(5):
        assert report(site, reply(site, number=f"e-{number}", incident="i-unknown")) == 200
    # The newest are known, the oldest are forgotten.
    assert report(site, reply(site, number="e-4")) == 200
    assert status(site) == "open"
    assert report(site, reply(site, number="e-0")) == 200
    assert status(site) == "acknowledged"


@pytest.mark.parametrize(("notified", "expected"), [("chat", "open"), ("pager", "resolved")])
def test_a_pager_cannot_end_what_only_others_were_notified_of(site: Site, notified: str, expected: str) -> None:
    with site.host.store.database.transaction() as connection:
        connection.execute("update outbox set endpoint = ?", (notified,))
    assert report(site, reply(site, "resolve")) == 200
    assert status(site) == expected
    assert bool(actions(site)) == (expected == "resolved")
