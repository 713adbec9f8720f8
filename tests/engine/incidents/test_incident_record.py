"""The record of an incident shows its present state, and is bounded."""

from __future__ import annotations

from typing import Any

from aiops.engine.engine import Engine
from aiops.engine.incidents import summary
from aiops.engine.incidents.incident_record import MAX_LISTED
from aiops.records import Action, Alert, Incident

T0 = 1_795_000_000.0


def alert(at: float, name: str = "DiskFull", entity: str = "db", **more: Any) -> Alert:
    return Alert(ts=T0 + at, name=name, entity=entity, **{"severity": "high", **more})


def shown(engine: Engine) -> Incident:
    """The only incident of an engine, as it is now."""
    (name,) = engine.incidents.by_id
    found = engine.present(name)
    assert found is not None
    return found[0]


def test_the_worst_member_gives_message_link_and_runbook() -> None:
    engine = Engine()
    worst: dict[str, Any] = {
        "message": "no space left",
        "url": "https://tool/1",
        "labels": {"runbook_url": "https://runbooks/disk"},
    }
    engine.step([alert(0, message="slow"), alert(1, "Full", severity="critical", **worst)])
    record = shown(engine)
    assert (record.severity, record.message, record.url) == ("critical", "no space left", "https://tool/1")
    assert record.runbook_url == "https://runbooks/disk"
    assert record.title == "Full on db"


def test_counts_are_of_all_and_lists_are_bounded() -> None:
    engine = Engine()
    engine.step([alert(n / 100, "Down", f"host-{n}", service=f"s-{n}") for n in range(MAX_LISTED + 50)])
    records = [engine.present(name) for name in engine.incidents.by_id]
    most = max((found[0] for found in records if found is not None), key=lambda record: record.stream_count)
    assert most.stream_count > summary.MAX_SHOWN
    assert len(most.members) == summary.MAX_SHOWN
    assert most.entity_count == most.stream_count
    assert len(most.entities) == len(most.services) == min(MAX_LISTED, most.entity_count)


def test_members_that_fire_are_counted_and_those_that_ended_are_kept() -> None:
    engine = Engine()
    engine.step([alert(0), alert(1, "Slow"), alert(2, status="resolved")])
    record = shown(engine)
    assert (record.firing_count, record.stream_count, record.alert_count) == (1, 2, 3)
    assert {member.name: member.status for member in record.members} == {"DiskFull": "resolved", "Slow": "firing"}


def test_a_silence_over_all_that_fires_is_shown_with_its_end() -> None:
    engine = Engine()
    engine.step([alert(0)])
    matchers = '[{"label": "entity", "op": "=", "value": "db"}]'
    args = {"id": "night", "matchers": matchers, "until": repr(T0 + 600)}
    engine.step([Action(ts=T0 + 1, verb="silence", args=args)])
    record = shown(engine)
    assert (record.silenced_by, record.silenced_until) == (["night"], T0 + 600)
    assert [member.silenced_by for member in record.members] == ["night"]


def test_the_sentences_of_a_member_are_made_once() -> None:
    engine = Engine()
    engine.step([alert(0), alert(1, "Slow")])
    first, again = shown(engine), shown(engine)
    (joined,) = (member.evidence for member in first.members if member.evidence)
    assert any(member.evidence is joined for member in again.members)


def test_the_first_members_have_what_their_alerts_carried() -> None:
    engine = Engine()
    carried: dict[str, Any] = {
        "message": "no space left",
        "url": "https://tool/1",
        "service": "orders",
        "source": "zabbix",
        "labels": {"team": "db", "long": "x" * 5_000},
        "annotations": {"dashboard": "https://grafana/1", "runbook_url": "https://runbooks/disk"},
    }
    engine.step([alert(0, **carried), *(alert(n / 100, "Full", f"db-{n}", service="orders") for n in range(1, 40))])
    record = next(found[0] for name in engine.incidents.by_id if (found := engine.present(name)) is not None)
    first = next(one for one in record.members if one.entity == "db")
    assert (first.message, first.url, first.service, first.source) == (
        "no space left",
        "https://tool/1",
        "orders",
        "zabbix",
    )
    assert first.labels == {"team": "db"}, "labels beyond the bound are left out"
    assert first.annotations["dashboard"] == "https://grafana/1"
    assert all(not one.labels and one.service is None for one in record.members[summary.MAX_DESCRIBED :])


def test_a_runbook_is_found_among_the_annotations() -> None:
    engine = Engine()
    engine.step([alert(0, annotations={"runbook_url": "https://runbooks/disk"})])
    assert shown(engine).runbook_url == "https://runbooks/disk"


def test_who_worked_on_it_and_when_it_became_quiet_is_recorded() -> None:
    engine = Engine()
    engine.step([alert(0)])
    name = shown(engine).id
    assert (shown(engine).quiet_at, shown(engine).acknowledged_by, shown(engine).resolved_by) == (None, None, None)
    engine.step([Action(ts=T0 + 10, verb="acknowledge", incident=name, actor="alice")])
    assert shown(engine).acknowledged_by == "alice"
    engine.step([alert(60, status="resolved")])
    assert shown(engine).quiet_at == T0 + 60
    fixed = {"playbook": "rotate-logs", "outcome": "resolved"}
    engine.step([Action(ts=T0 + 70, verb="confirm_playbook", incident=name, actor="alice", args=fixed)])
    engine.step([Action(ts=T0 + 80, verb="resolve", incident=name, actor="bob")])
    record = shown(engine)
    assert (record.resolved_by, record.playbook, record.quiet_at) == ("bob", "rotate-logs", T0 + 60)
    engine.step([alert(200)])
    record = shown(engine)
    assert (record.status, record.resolved_by, record.playbook, record.quiet_at) == ("open", None, None, None)
    assert record.back_after_s == 120.0
    assert record.acknowledged_by is None, "a person had ended it: it begins anew"
