"""Briefs over the API: JSON and Markdown of the same content, and playbooks filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.records import Alert
from aiops.web.briefs import brief_of
from tests.web.conftest import HOSTILE, NOW, Site


def test_brief_has_what_the_page_shows(site: Site) -> None:
    answer = site.client.get(f"/api/v1/incidents/{site.incident}/brief")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["id"], found["status"], found["severity"]) == (site.incident, "open", "critical")
    assert found["figures"]["alerts"] == 1
    assert {one["endpoint"] for one in found["notified"]["messages"]} == {"pager"}
    assert found["history"]["entries"][0]["text"] == "Opened"
    assert found["cause"]["measured"].endswith("is not known now.")


def test_measure_of_causes_is_that_of_the_engine(site: Site) -> None:
    site.host.measured = {"outcomes": 3, "needed": 10, "hits": 3, "kept": 3}
    found = site.client.get(f"/api/v1/incidents/{site.incident}/brief").json()
    assert found["cause"]["measured"] == "Not yet measured on this site (3 of 10 confirmations)."


def test_busy_engine_costs_the_measure_and_nothing_else(site: Site) -> None:
    site.host.measured = {"outcomes": 3, "needed": 10}
    site.host.busy = True
    found = site.client.get(f"/api/v1/incidents/{site.incident}/brief").json()
    assert found["cause"]["measured"].endswith("is not known now.")


def test_markdown_is_short_unless_asked_for_in_full(site: Site) -> None:
    path = f"/api/v1/incidents/{site.incident}/markdown"
    short, whole = site.client.get(path).text, site.client.get(f"{path}?full=1").text
    assert len(short.splitlines()) <= 12 < len(whole.splitlines())
    address = f"{str(site.client.base_url).rstrip('/')}/incidents/{site.incident}"
    assert short.endswith(f"- {address}\n")
    assert f"- Incident {site.incident} {address}\n" in whole
    assert site.client.get(f"{path}?full=perhaps").status_code == 400


def test_markdown_is_text_without_markup_of_payloads(site: Site) -> None:
    answer = site.client.get(f"/api/v1/incidents/{site.incident}/markdown?full=1")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert HOSTILE not in answer.text
    assert "\\<script>" in answer.text


@pytest.mark.parametrize("path", ["brief", "markdown", "playbooks/host-disk-full"])
def test_unknown_incident_is_named(site: Site, path: str) -> None:
    answer = site.client.get(f"/api/v1/incidents/inc-none/{path}")
    assert (answer.status_code, answer.json()["error"]) == (404, "expected the id of an incident; got 'inc-none'")


def test_playbook_is_filled_in_for_an_incident(site: Site) -> None:
    [event, *_] = site.host.fold(
        [
            Alert(
                ts=NOW, name="HostDiskFull", entity="web-7", severity="critical", id=f"d-{n}", labels={"host": "web-7"}
            )
            for n in range(3)
        ]
    )
    incident = next(one for one in site.host.engine.incidents.by_id if one != site.incident)
    found = site.client.get(f"/api/v1/incidents/{incident}/playbooks/host-disk-full").json()
    assert found["fits"]
    assert any("df -h" in (step.get("run") or "") for step in found["diagnosis"])
    shown = site.client.get(f"/api/v1/incidents/{incident}/brief", params={"playbook": "host-disk-full"}).json()
    assert shown["playbook"]["filled"] == found
    assert event is not None


def test_unknown_playbook_is_named(site: Site) -> None:
    answer = site.client.get(f"/api/v1/incidents/{site.incident}/playbooks/none")
    assert (answer.status_code, answer.json()["error"]) == (404, "expected the name of a playbook in use; got 'none'")


def test_brief_without_runs_states_why_nothing_is_planned(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from aiops.store import incidents

    stored = incidents.get(site.host.store.database.reader, site.incident)
    assert stored is not None
    assert brief_of(site.host, stored).playbook is None
    assert brief_of(site.host, stored, "host-disk-full").playbook is not None


def disk_incident(site: Site) -> str:
    """An incident of which a playbook is known, suggested by nobody."""
    labels = {"host": "web-7"}
    alerts = [
        Alert(ts=NOW, name="HostDiskFull", entity="web-7", severity="critical", id=f"d-{n}", labels=labels)
        for n in (1, 2)
    ]
    site.host.fold(list(alerts))
    return next(one for one in site.host.engine.incidents.by_id if one != site.incident)


def test_playbook_is_rejected_with_its_reason(site: Site) -> None:
    path = f"/api/v1/incidents/{disk_incident(site)}"
    body = {"playbook": "host-disk-full", "reason": "the disk is a test"}
    answer = site.client.post(f"{path}/reject-playbook", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (200, "host-disk-full rejected: the disk is a test")
    found = site.client.get(f"{path}/brief", params={"playbook": "host-disk-full"}).json()
    assert found["playbook"]["rejected"]["reason"] == "the disk is a test"
    assert found["playbook"]["rejected"]["actor"] == "local"
    assert found["history"]["entries"][-1]["text"].startswith("host-disk-full rejected")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"playbook": "nonexistent", "reason": "x"}, 409),
        ({"playbook": "host-disk-full", "reason": ""}, 400),
        ({"playbook": "host-disk-full", "reason": "  "}, 400),
        ({"playbook": "host-disk-full", "reason": "\u200b"}, 400),
        ({"playbook": "host-disk-full"}, 400),
        ({"playbook": "host-disk-full", "reason": "x" * 501}, 400),
    ],
)
def test_rejection_that_does_not_fit_changes_nothing(
    tmp_path: Path, site: Site, body: dict[str, str], status: int
) -> None:
    path = f"/api/v1/incidents/{disk_incident(site)}"
    assert site.client.post(f"{path}/reject-playbook", json=body).status_code == status
    assert site.client.get(path).json()["incident"].get("rejected", []) == []
    [trail] = tmp_path.glob("**/runs.jsonl")
    assert "rejected" not in trail.read_text()
