"""The page of one incident: verdict, states, cause, playbook, notifications, feedback; hostile text everywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.http.auth import Token, new_token, token_hash
from aiops.pages.times import moment
from aiops.records import Affected, Cause, Evidence, Incident, Member, RootCause, Suggestion
from tests.pages.test_pages import Parsed, page
from tests.store.openings import hold_opening
from tests.views.sample import EVIDENCE, HOSTILE, PATH, incident, keep, keep_reads
from tests.web.conftest import NOW


def put(site: Any, found: Incident, change: str = "opened") -> str:
    """Store an incident that the engine does not hold."""
    keep(site.host.store, found, change, frame=1_000 + put.__dict__.setdefault("count", 0))
    put.__dict__["count"] += 1
    return f"/incidents/{found.id}"


def words(found: Parsed) -> str:
    """The text of a page with single blanks."""
    return " ".join(found.text.split())


def test_verdict_stands_first_with_its_lead_and_figures(site: Any) -> None:
    text = words(page(site, put(site, incident())))
    parts = [
        "payments-api rollout stuck since deploy 8.14.6",
        "Likely the cause of 3 failing entities in 3 services.",
        "262 alerts, 19 streams, 18 firing",
        "Likely cause Clear lead",
        "It raises RolloutStuck",
        "What changed",
    ]
    places = [text.index(part, 200) for part in parts]
    assert places == sorted(places)


def test_certainty_is_stated_with_the_confirmations_behind_it(site: Any) -> None:
    site.host.measured = {"outcomes": 3, "needed": 10, "hits": 3, "kept": 3}
    path = put(site, incident())
    text = words(page(site, path))
    assert "Clear lead, not yet checked here" in text
    assert "Not yet measured on this site (3 of 10 confirmations)." in text
    assert "onfidence" not in text
    site.host.measured = {"outcomes": 14, "needed": 10, "hits": 9, "kept": 14, "error": 0.05}
    measured = incident(id="inc-2", causes=[Cause("payments-api", 9.0, 0.71, evidence=EVIDENCE)])
    text = words(page(site, put(site, measured)))
    assert "71 %" in text
    assert "right in 9 of 14 confirmed incidents" in text


def test_path_of_each_suspect_is_drawn_with_its_alerts(site: Any) -> None:
    causes = [Cause("payments-api", 9.0, confidence="high", evidence=EVIDENCE, path=PATH), Cause("payments-db", 1.0)]
    text = words(page(site, put(site, incident(id="inc-path", causes=causes))))
    assert text.count("payments-sync HTTPErrors called by payments-gateway ProbeFailed") == 1


def test_unclear_cause_is_no_likely_one(site: Any) -> None:
    path = put(site, incident(causes=[Cause("a-1", 1.0, evidence=EVIDENCE), Cause("b-1", 0.9, evidence=EVIDENCE)]))
    text = words(page(site, path))
    assert "No clear cause" in text
    assert "Cause not clear yet; perhaps a-1 or b-1." in text
    assert "Likely" not in text


def test_confirmed_cause_drops_likely(site: Any) -> None:
    text = words(page(site, put(site, incident(root_cause=RootCause("payments-api")))))
    assert "Confirmed cause" in text
    assert "ikely the cause" not in text


def test_hostile_text_stays_text_everywhere(site: Any) -> None:
    name = f"{HOSTILE} {'x' * 300}"
    evil = incident(
        title=name,
        message=name,
        url="javascript:alert(1)",
        runbook_url="data:text/html,<script>alert(1)</script>",
        entities=[name, "b"],
        services=[name],
        workloads=[Affected(name, name, 3, name)],
        members=[Member("f", name, name, "critical", "firing", 1, NOW, NOW, message=name, alert_id=name)],
        causes=[Cause(name, 9.0, confidence="high", evidence=[Evidence(name, 1.0, name)])],
        playbooks=[Suggestion(name, 1.0, target=name, evidence=[Evidence(name, 1.0, name)])] * 2,
        similar=[Evidence(name, 0.9, f"shares {name}; caused by {name}")],
        merged_from=[name],
        silenced_by=[name],
        acknowledged_by=name,
        status="acknowledged",
    )
    path = put(site, evil)
    found = page(site, path)
    assert "script" not in found.tags
    assert "img" not in found.tags
    assert all(link.startswith(("/", "#", "http://", "https://")) for link in found.links)
    raw = site.client.get(path).text
    assert not set("\u202e\x1b\u200b") & set(raw)
    assert len(raw) < 200_000


def test_storm_of_ten_thousand_alerts_is_a_small_page(site: Any) -> None:
    storm = incident(
        is_storm=True,
        alert_count=10_000,
        stream_count=10_000,
        firing_count=9_000,
        entity_count=10_000,
        entities=[f"entity-{n}" for n in range(200)],
        services=[f"service-{n}" for n in range(200)],
        workloads=[Affected(f"w-{n}", f"w-{n}", 9, "pod") for n in range(200)],
        members=[
            Member(f"f{n}", f"Alert{n}", f"entity-{n}", "critical", "firing", 3, NOW, NOW, message="m" * 300)
            for n in range(100)
        ],
        merged_from=[f"inc-{n}" for n in range(200)],
        causes=[Cause(f"c-{n}", 9.0 - n, evidence=EVIDENCE) for n in range(8)],
    )
    path = put(site, storm)
    raw = site.client.get(path)
    assert len(raw.content) < 200_000
    text = words(Parsed(raw.text))
    assert "Grouped during a storm" in text
    assert "and 197 more" in text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": "merged", "merged_into": "inc-9"}, "Merged Now part of inc-9."),
        (
            {"status": "resolved", "quiet_at": NOW, "resolved_at": NOW + 3_600, "first_alert_at": NOW - 1_800},
            "Resolved after 30 min No alert for 1 h.",
        ),
        ({"status": "acknowledged", "acknowledged_by": "alice"}, "alice is on it"),
        (
            {"returns": 2, "returned_at": [NOW - 480, NOW], "return_every_s": 480.0},
            "Came back 2 times, about every 8 min",
        ),
        (
            {"silenced_by": ["sil-1"], "silenced_until": NOW + 3_600},
            f"alerts are muted, and nobody is notified. Until {moment(NOW + 3_600)} UTC",
        ),
    ],
)
def test_state_is_stated_before_the_buttons(site: Any, changes: dict[str, Any], text: str) -> None:
    shown = words(page(site, put(site, incident(**changes))))
    assert text in shown


def test_silenced_alert_names_its_silence(site: Any) -> None:
    matchers = [{"label": "severity", "op": "=", "value": "critical"}]
    assert "ilenced by" not in page(site, f"/incidents/{site.incident}").text
    body = {"matchers": matchers, "until": NOW + 3_600, "id": "sil-1"}
    assert site.client.post("/api/v1/silences", json=body).status_code == 201
    assert "Silenced By sil-1" in words(page(site, f"/incidents/{site.incident}"))
    shown = site.client.get(f"/api/v1/incidents/{site.incident}").json()["incident"]
    assert (shown["silenced_by"], shown["silenced_until"]) == (["sil-1"], NOW + 3_600)


def test_endpoint_that_is_held_back_is_named_with_what_inhibits_it(site: Any) -> None:
    assert "not notified" not in site.client.get(f"/incidents/{site.incident}").text
    hold_opening(site.host.store, site.incident)
    text = words(page(site, f"/incidents/{site.incident}"))
    assert "chat is not notified Inhibited by RackDown on rack-7 (rack-down), until that ends." in text
    assert "held back by inhibition" in text


def test_replicas_are_summed_up_by_their_workload(site: Any) -> None:
    found = incident(workloads=[Affected("cart", "cart-x7k2p", 4, "pod"), Affected("<b>", "<b>")])
    assert "Affectedcart, 4 pods" in words(page(site, put(site, found)))


def test_playbook_is_shown_with_its_commands(site: Any) -> None:
    found = incident(
        playbooks=[Suggestion("host-disk-full", 2.0, target="web-7"), Suggestion("host-inodes-exhausted", 1.0)],
        members=[Member("f", "HostDiskFull", "web-7", "critical", "firing", 1, NOW, NOW, labels={"host": "web-7"})],
    )
    path = put(site, found)
    text = words(page(site, path))
    for part in (
        "Playbook host-disk-full",
        "Not when",
        "Look first",
        "df -h",
        "Know that it worked",
        "1 other suggestion",
    ):
        assert part in text
    assert f"{path}?playbook=host-inodes-exhausted#playbooks" in page(site, path).links
    assert "Playbook host-inodes-exhausted" in words(page(site, f"{path}?playbook=host-inodes-exhausted"))
    assert "Playbook host-disk-full" in words(page(site, f"{path}?playbook={'x' * 500}"))


def test_similar_incident_shows_what_it_was_and_how_it_ended(site: Any) -> None:
    put(site, incident(id="inc-0", status="resolved", playbook="rollback", quiet_at=NOW, resolved_at=NOW + 90_000))
    path = put(site, incident(similar=[Evidence("inc-0", 0.99, "shares Errors on api; took 1500 min")]))
    found = page(site, path)
    assert "99 % alike" in words(found)
    assert "Fixed by rollback." in words(found)
    assert "1500" not in found.text
    assert "/incidents/inc-0" in found.links


def test_what_was_looked_at_is_shown_with_answers_to_open_and_reasons(site: Any) -> None:
    path = put(site, incident())
    assert "What we looked at" not in words(page(site, path))
    keep_reads(site.host.store, text=HOSTILE)
    found = page(site, path)
    text = words(found)
    for part in ("last state prod", "took 0.3 s: 4 rows", "Answer GET /api/v1/pods/a name lastReason a OOMKilled"):
        assert part in text
    assert "answered with status 403: no Request GET /api/v1/query" in text
    assert "memory prod not read: 60 reads were made within a minute" in text
    assert "<script>alert" not in site.client.get(path).text
    assert "alert('x')" in text


def test_messages_are_listed_with_their_endpoint_and_answer(site: Any) -> None:
    text = words(page(site, f"/incidents/{site.incident}"))
    assert "pager opened, not delivered after 1 attempt" in text
    assert "400: no such key" in text


def test_open_incidents_beside_it_are_linked(site: Any) -> None:
    path = put(site, incident())
    assert f"/incidents/{site.incident}" in page(site, path).links
    assert "Open at the same time" in page(site, path).text


def test_feedback_does_something_and_is_confirmed_once(site: Any) -> None:
    path = f"/incidents/{site.incident}"
    forms: list[tuple[str, dict[str, str], str]] = [
        ("confirm-cause", {"entity": "checkout"}, "checkout is the confirmed cause."),
        ("confirm-grouping", {}, "Grouping confirmed; recorded with the incident"),
        ("confirm-playbook", {"playbook": "host-disk-full", "outcome": "helped"}, "Host-disk-full: helped."),
        ("note", {"text": "rolled it back"}, "oted"),
    ]
    for verb, fields, sentence in forms:
        answer = site.client.post(
            f"{path}/{verb}", data={**fields, "x": ""} if fields else {"message": "m"}, headers=site.origin
        )
        assert answer.status_code == 303, answer.text
        assert sentence.casefold() in words(page(site, path)).casefold()
    shown = site.client.get(f"/api/v1/incidents/{site.incident}").json()["incident"]
    assert shown["root_cause"]["entity"] == "checkout"


def test_refused_form_states_the_reason(site: Any) -> None:
    path = f"/incidents/{site.incident}"
    answer = site.client.post(f"{path}/confirm-cause", data={"entity": "unknown"}, headers=site.origin)
    assert answer.status_code == 409
    assert "expected an entity of the incident" in answer.text
    assert site.client.post(f"{path}/nothing", data={"x": "y"}, headers=site.origin).status_code == 404


def test_reader_without_the_write_scope_sees_no_button(tmp_path: Path, serve: Any) -> None:
    secret = new_token()
    with serve(tmp_path, [Token("reader", ["read"], token_hash(secret))]) as site:
        site.client.post("/login", data={"token": secret}, headers=site.origin)
        found = page(site, f"/incidents/{site.incident}")
        assert [form for form in found.forms if "/incidents/" in form and not form.endswith("/explain")] == []
        assert "Read only: to acknowledge" in words(found)


def test_page_can_be_copied_as_markdown(site: Any) -> None:
    path = put(site, incident())
    raw = site.client.get(path).text
    found = re.search(r'<textarea id="incident-markdown" readonly rows="12">\n(.*?)</textarea>', raw, re.DOTALL)
    assert found is not None
    assert found.group(1).startswith("**Critical: payments-api rollout stuck since deploy 8.14.6**")
    assert len(found.group(1).splitlines()) <= 12
    assert found.group(1).rstrip().endswith(f"- {str(site.client.base_url).rstrip('/')}{path}")
    whole = re.search(r'<textarea id="incident-markdown-full" readonly rows="12">\n(.*?)</textarea>', raw, re.DOTALL)
    assert whole is not None
    assert whole.group(1).startswith("# Critical: payments-api rollout stuck since deploy 8.14.6")
    for link in ("/markdown", "/markdown?full=1", "/brief", ""):
        assert f"/api/v1{path}{link}" in page(site, path).links


def test_closed_incident_has_no_button_to_acknowledge(site: Any) -> None:
    merged = page(site, put(site, incident(status="merged", merged_into="inc-9")))
    assert {form for form in merged.forms if form.startswith("/incidents/")} == {
        "/incidents/inc-1/explain",
        "/incidents/inc-1/undo",
    }
    assert "Acknowledge" not in merged.text


def test_record_of_nothing_but_an_id_has_a_page(site: Any) -> None:
    assert "No cause was ranked" in page(site, put(site, Incident(id="bare", status="open"))).text


def test_page_is_made_of_the_same_content_as_the_api(site: Any) -> None:
    path = put(site, incident())
    found = msgspec.json.decode(site.client.get(f"/api/v1{path}/brief").content)
    text = words(page(site, path))
    assert found["verdict"] in text
    assert found["lead"] in text
    for row in found["cause"]["suspects"][0]["evidence"]:
        assert row["text"] in text


def test_rejection_offers_its_undo(site: Any) -> None:
    path = f"/incidents/{site.incident}"
    fields = {"playbook": "host-disk-full", "reason": "a drill"}
    answer = site.client.post(f"{path}/reject-playbook", data=fields, headers=site.origin)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{path}#playbooks"
    shown = page(site, path)
    assert "host-disk-full rejected: a drill." in words(shown)
    assert f"{path}/undo" in shown.forms
