"""The texts of messages, golden for one incident: the first 60 characters decide; only what was measured is stated."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.texts.headline import headline, lasting, notice, summary
from aiops_connectors.texts.links import Link, links
from aiops_connectors.texts.moments import clock
from aiops_connectors.texts.news import changed, plain_news
from aiops_connectors.texts.place import first_place, group_of, kind_of
from aiops_connectors.texts.rows import rows
from aiops_connectors.texts.sentences import duration_s, ended_by, hurts, reasons, shared_labels

from aiops.ports import Message
from aiops.records import Affected, Cause, Finding, Incident, RootCause
from aiops.testing.sinks import CHANGES, hostile
from tests.connectors.design_incident import AT, LINK, incident, member, message, resolved


def test_the_first_message_is_cause_first() -> None:
    assert headline(message()) == "Critical: payments-api failing since deploy 8.14.6"
    assert notice(message())[:60] == "Critical: payments-api failing since deploy 8.14.6. Hurts pa"
    assert notice(message()) == (
        "Critical: payments-api failing since deploy 8.14.6. Hurts payments-gateway and 8 more. 20 alerts in 1 min."
    )
    assert summary(message(), 1_024) == (
        "Critical: payments-api failing since deploy 8.14.6. Hurts payments-gateway and 8 more. "
        "Likely cause: clear lead, not yet checked here. Playbook: rollback-release"
    )


def test_without_a_clear_cause_what_is_hurt_comes_first() -> None:
    slow = [member("HighLatency", "search-api")]
    unclear = message(severity="warning", causes=[Cause("search-gateway")], members=slow, entity_count=18)
    unclear.incident.workloads = []
    assert headline(unclear) == "Warning: search-api slow, 17 more affected"
    assert "Cause not clear yet; perhaps search-gateway." in notice(unclear)
    assert "confidence" not in summary(unclear, 1_024)
    assert dict(rows(unclear))["Likely cause"] == "not clear yet; perhaps search-gateway"
    assert reasons(unclear.incident) == []


def test_one_alert_is_named_with_its_text() -> None:
    lone: dict[str, Any] = {
        "causes": [],
        "playbooks": [],
        "entities": ["db9"],
        "entity_count": 1,
        "workloads": [Affected("shop", "db9")],
        "members": [member("DiskWillFill", "db9")],
        "message": "/var/lib/postgresql full in 2 h",
        "alert_count": 1,
        "last_alert_at": AT - 63,
    }
    assert notice(message(**lone)) == (
        "Critical: db9 disk filling up. DiskWillFill: /var/lib/postgresql full in 2 h. 1 alert."
    )


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (message("acknowledged", acknowledged_by="alice"), "alice is on it: payments-api failing since deploy 8.14.6"),
        (message("reopened", back_after_s=720.0), "Back after 12 min: payments-api failing since deploy 8.14.6"),
        (
            message("merged", merged_into="inc-0"),
            "Now part of incident inc-0: payments-api failing since deploy 8.14.6",
        ),
        (message("reminder", repeats=3), "Still open after 1 min: payments-api failing since deploy 8.14.6"),
        (
            message("updated", news=["severity: now critical, was high"]),
            "Now critical, was high: payments-api failing since deploy 8.14.6",
        ),
        (
            message("updated", news=["suspected cause: payments-api"]),
            "Likely cause found: payments-api failing since deploy 8.14.6",
        ),
        (
            message("updated", news=["new: CartDown on cart (high)", "suspected cause: payments-api, was cart"]),
            "Likely cause found: payments-api failing since deploy 8.14.6",
        ),
        (
            message("updated", news=["new: CartDown on cart (high)"]),
            "New: CartDown on cart (high): payments-api failing since deploy 8.14.6",
        ),
        (resolved(), "Resolved after 30 min: payments-api, deploy 8.14.6"),
        (message(root_cause=RootCause("payments-db")), "Critical: payments-db failing"),
    ],
)
def test_each_change_has_its_headline(one: Message, text: str) -> None:
    assert headline(one) == text


def test_the_end_names_how_long_and_by_whom() -> None:
    assert duration_s(resolved()) == 1_800.0, "to the last alert, not to the end of quiet"
    assert ended_by(resolved()) == "No further alert for 5 min."
    assert ended_by(resolved(resolved_by="alice")) == "Resolved by alice."
    assert ended_by(resolved(resolved_by="alice", playbook="rollback-release")) == "Fixed by rollback-release (alice)."
    by_hand = resolved(resolved_by="alice", quiet_at=None, firing_count=2)
    assert duration_s(by_hand) == 2_100.0
    assert ended_by(by_hand) == "Resolved by alice; 2 streams still firing."
    assert notice(resolved()).endswith(" No further alert for 5 min. 604 alerts.")
    assert "confidence" not in headline(resolved())


def test_reasons_are_plain_and_measured() -> None:
    assert reasons(incident()) == [
        "Deploy 8.14.6 went out 24 s before the first alert.",
        "Errors of its callers lead to it.",
    ]
    without = incident(causes=[Cause("payments-api", confidence="high")])
    assert reasons(without) == []
    assert "since" not in lasting(without)


def test_rows_are_the_facts_in_order() -> None:
    assert rows(message()) == [
        ("Likely cause", "payments-api (clear lead, not yet checked here)"),
        ("Why", "Deploy 8.14.6 went out 24 s before the first alert. Errors of its callers lead to it."),
        ("Hurts", "payments-gateway, payments-sync, payments-api: 10 entities"),
        ("Alert", "BlackboxProbeFailed: Probe failed: 502"),
        ("Alerts", "20 alerts in 1 min, 17 streams firing"),
        ("Playbook", "rollback-release, or bad-deploy-rollback"),
        ("Seen before", "inc-77aa01b2c3d4, 99% alike: took 30 min"),
        ("Labels", "namespace=payments, cluster=eu-1"),
        ("Severity", "critical"),
        ("Opened", "13:52:40 UTC"),
        ("Last alert", "2 s ago"),
    ]


def test_what_collectors_found_is_a_row() -> None:
    texts = [
        "OOMKilled in the last state of cart-1",
        "7 restarts\nsince noon",
        "OOMKilled in the last state of cart-1",
        "c",
        "d",
    ]
    found = [Finding(1.0, "state", "cart", text) for text in texts]
    expected = "OOMKilled in the last state of cart-1; 7 restarts since noon; c and 1 more"
    assert dict(rows(message(findings=found)))["Found"] == expected


def test_times_are_those_of_the_endpoints_zone() -> None:
    assert dict(rows(message(zone="Europe/Berlin")))["Opened"] == "14:52:40 CET"
    assert clock(AT - 86_400, "Asia/Kolkata", AT) == "2026-11-27 19:23:43 IST"


def test_labels_are_lifted_that_all_alerts_share() -> None:
    other = member("Slow", "cart", labels={"namespace": "payments", "cluster": "us-1"})
    assert shared_labels(incident(members=[*incident().members, other])) == [("namespace", "payments")]
    assert shared_labels(incident(members=[])) == []


def test_links_lead_to_the_page_the_playbook_the_tool_and_the_runbook() -> None:
    assert links(message()) == [
        Link("incident", "Open incident", LINK),
        Link("playbook", "Review rollback-release", f"{LINK}#playbooks"),
        Link("alert", "Alert in its tool", "https://prom.example/graph"),
        Link("runbook", "Runbook", "https://runbooks.example/probe"),
    ]
    deployed = message()
    change = deployed.incident.causes[0].change
    assert change is not None
    change.url = "https://ci.example/runs/7"
    assert links(deployed)[2] == Link("change", "See deploy 8.14.6", "https://ci.example/runs/7")
    assert links(message(url="javascript:alert(1)", runbook_url="ftp://x", playbooks=[])) == links(message())[:1]


def test_news_are_sentences_and_parts() -> None:
    one = message("updated", news=["worse: A on b (high)", "severity: now high, was info", "run 7 waits for you"])
    assert plain_news(one) == ["Worse: A on b (high)", "Now high, was info", "Run 7 waits for you"]
    assert changed(one) == ["alerts", "severity", "note"]


def test_pagers_sort_by_place_group_and_kind() -> None:
    found = incident()
    assert (first_place(found), group_of(found), kind_of(found)) == (
        "payments-api",
        "payments-gateway",
        "BlackboxProbeFailed",
    )
    empty = Incident(id="i-1")
    assert (first_place(empty), group_of(empty), kind_of(empty)) == ("unknown", "", "")


def test_nothing_is_hurt_beside_a_lone_cause() -> None:
    alone = incident(entities=["payments-api"], entity_count=1, workloads=[], members=[member("Down", "payments-api")])
    assert hurts(alone) == ""


@pytest.mark.parametrize("change", CHANGES)
def test_hostile_names_stay_single_bounded_lines(change: str) -> None:
    one = Message("k", "e", hostile(), change, 1, AT, news=["new: \x1b[2J\r\n on \u202e (high)"] * 3)
    for text in [headline(one), notice(one), summary(one, 1_024), *(value for _, value in rows(one))]:
        assert not {"\n", "\r", "\x1b", "\x00", "\u202e"} & set(text)
        assert len(text) <= 2_000
    assert len(headline(one)) <= 300
    assert len(summary(one, 130)) <= 130


def test_an_incident_of_an_older_row_has_texts() -> None:
    bare = Message("k", "e", Incident(id="i-1"), "opened", 1, AT)
    assert notice(bare) == "Warning: incident i-1. 0 alerts."
    assert duration_s(bare) is None
