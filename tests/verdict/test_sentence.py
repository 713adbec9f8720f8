"""The verdict: a cause is named only where one is clear, and only what was measured is stated."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from aiops.records import Cause, Change, Incident, Member, RootCause
from aiops.verdict.sentence import likely_cause, title_of, verdict, what_it_was


def member(name: str, entity: str, severity: str = "critical") -> Member:
    return Member(f"{name} {entity}", name, entity, severity, "firing", 1, 0.0, 0.0)


def incident(confidence: Literal["low", "medium", "high"] = "high", **more: Any) -> Incident:
    change = Change(ts=76.0, entity="payments-api", name="deploy", labels={"version": "8.14.6"})
    base: dict[str, Any] = {
        "id": "i-1",
        "first_alert_at": 100.0,
        "members": [member("BlackboxProbeFailed", "payments-gateway"), member("ConsumerStopped", "payments-api")],
        "entities": ["payments-gateway", "payments-api", "payments-sync"],
        "entity_count": 3,
        "causes": [Cause("payments-api", confidence=confidence, change=change), Cause("db-1")],
    }
    return Incident(**{**base, **more})


def test_a_likely_cause_comes_first_with_its_change() -> None:
    assert verdict(incident()).text == "payments-api failing since deploy 8.14.6"
    stuck = [member("KubeDeploymentRolloutStuck", "payments-api"), member("HighErrorRate", "payments-api")]
    assert verdict(incident(members=stuck)).text == "payments-api rollout stuck since deploy 8.14.6"


def test_what_is_hurt_comes_first_where_no_cause_is_clear() -> None:
    found = verdict(incident("low", members=[member("HighLatency", "search-api")]))
    assert found.text == "search-api slow, 3 more affected"
    assert found.perhaps == ["payments-api", "db-1"]


def test_no_confidence_is_invented_before_it_is_calibrated() -> None:
    assert likely_cause(incident("low")) is None
    assert likely_cause(incident("medium")) is not None
    calibrated = Incident(id="i-1", causes=[Cause("db-1", probability=0.8)])
    assert likely_cause(calibrated) is not None
    assert likely_cause(Incident(id="i-1", causes=[Cause("db-1", probability=0.2)])) is None
    assert likely_cause(Incident(id="i-1")) is None


def test_what_a_person_confirmed_is_the_cause() -> None:
    found = verdict(incident("low", root_cause=RootCause("db-1")))
    assert (found.subject, found.is_confirmed, found.since) == ("db-1", True, "")
    assert verdict(incident(root_cause=RootCause("payments-api"))).since == "since deploy 8.14.6"


def test_the_end_names_what_it_was() -> None:
    assert what_it_was(incident()) == "payments-api, deploy 8.14.6"
    assert what_it_was(Incident(id="i-1", members=[member("DiskFull", "db9")])) == "db9, out of disk"
    assert what_it_was(Incident(id="i-1", members=[member("PayrollExport", "hr-1")])) == "hr-1, PayrollExport"


@pytest.mark.parametrize("one", [Incident(id="i-1"), Incident(id="i-1", title="disk full")])
def test_an_incident_without_members_has_its_title(one: Incident) -> None:
    assert verdict(one).text == (one.title or "incident i-1")
    assert what_it_was(one) == (one.title or "incident i-1")


def test_the_first_sixty_characters_decide() -> None:
    assert f"Critical: {verdict(incident()).text}"[:60] == "Critical: payments-api failing since deploy 8.14.6"


def test_a_storm_has_its_title_which_counts_all() -> None:
    found = verdict(incident(title="Storm in eu-1: 900 alerts on 300 entities, mostly HostDown", is_storm=True))
    assert found.text == "Storm in eu-1: 900 alerts on 300 entities, mostly HostDown"


@pytest.mark.parametrize(
    "entity", ["Payroll export failed", "Payroll export failed {job=eu}", "Payroll export failed [k1]"]
)
def test_an_alert_without_an_entity_is_named_by_itself(entity: str) -> None:
    lone = Incident(id="i-1", severity="high", members=[member("Payroll export failed", entity)], entity_count=1)
    assert verdict(lone).text == "Payroll export failed"
    assert what_it_was(lone) == "Payroll export failed"
    lone.causes = [Cause(entity, confidence="high")]
    assert verdict(lone).text == "Payroll export failed"


def test_an_incident_has_one_name_everywhere() -> None:
    one = incident(title="BlackboxProbeFailed on payments-gateway and 10 more entities")
    assert title_of(one) == verdict(one).text == "payments-api failing since deploy 8.14.6"
    assert title_of(Incident(id="i-1", title="Probe failed", is_storm=True)) == "Probe failed"
    assert title_of(Incident(id="i-1")) == "incident i-1"
