"""Lines: the verdict where a cause is clear, suspects where none is, and who has the incident."""

from __future__ import annotations

from aiops.records import Cause, Change, Evidence, RootCause
from aiops.search.lines import shown_of
from tests.search.stored import NOW, incident, member


def test_a_clear_cause_gives_the_verdict_and_its_reason() -> None:
    change = Change(ts=NOW - 84, entity="payments-api", name="deploy", labels={"version": "8.14.6"})
    one = incident(
        "i",
        member("BlackboxProbeFailed", "payments-gateway", service="gateway"),
        member("KubeDeploymentRolloutStuck", "payments-api", service="payments"),
        causes=[Cause("payments-api", confidence="high", change=change, evidence=[Evidence("change", 1.0, "x")])],
    )
    shown = shown_of(one, NOW)
    assert shown.verdict == "payments-api rollout stuck since deploy 8.14.6"
    assert (shown.cause, shown.confidence, shown.reason) == ("payments-api", "high", "deploy 8.14.6, 24 s before")
    assert (shown.alert, shown.entity, shown.more) == ("BlackboxProbeFailed", "payments-gateway", 0)
    assert (shown.services, shown.perhaps) == (["gateway", "payments"], [])


def test_an_unclear_cause_names_suspects() -> None:
    suspects = [Cause("a"), Cause("b"), Cause("c")]
    shown = shown_of(incident("i", member("Slow", "x"), member("Slow", "y"), causes=suspects), NOW)
    assert (shown.verdict, shown.cause, shown.reason, shown.perhaps) == ("", None, "", ["a", "b"])
    assert (shown.entity, shown.more) == ("x", 1)


def test_a_confirmed_cause_is_marked() -> None:
    shown = shown_of(incident("i", member("Slow", "x"), root_cause=RootCause("db")), NOW)
    assert (shown.cause, shown.is_confirmed, shown.reason) == ("db", True, "confirmed")


def test_a_storm_names_no_cause() -> None:
    one = incident("i", member("Slow", "x"), causes=[Cause("x", confidence="high")], is_storm=True)
    assert (shown_of(one, NOW).cause, shown_of(one, NOW).is_storm) == (None, True)


def test_an_empty_incident_has_a_line() -> None:
    shown = shown_of(incident("i", last_alert_at=None, opened_at=None), 7.0)
    assert (shown.alert, shown.entity, shown.more, shown.last_alert_at) == ("", "", 0, 7.0)


def test_who_acknowledged_has_it() -> None:
    assert shown_of(incident("i", acknowledged_by="alice"), NOW).owner == "alice"
