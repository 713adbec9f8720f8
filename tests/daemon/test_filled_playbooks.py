"""Playbooks filled in: by the engine's view, and by the record where the engine has none."""

from __future__ import annotations

import msgspec

from aiops.daemon.filled_playbooks import FilledPlaybooks
from aiops.engine.incident_view import CurrentIncident
from aiops.errors import AiopsError
from aiops.ports import AlertFact, IncidentView
from aiops.records import Incident, Member
from aiops.respond.format import Playbook
from aiops.topology import Topology
from tests.playbook_site import playbook

AT = 1_000.0


def book() -> Playbook:
    document = playbook("https://ops.example") | {"parameters": {"host": {"from": ["alert.entity"]}}}
    return msgspec.convert(document, Playbook)


def record() -> Incident:
    labels = {"env": "prod"}
    return Incident(
        id="i-1", members=[Member("f", "WorkerHangs", "worker-1", "high", "firing", 1, AT, AT, labels=labels)]
    )


def filled(find: object) -> FilledPlaybooks:
    return FilledPlaybooks({"restart-worker": book()}, Topology(), find)  # type: ignore[arg-type]


def test_view_of_the_engine_comes_first() -> None:
    fact = AlertFact("worker-7", "WorkerHangs", 3, 1, AT, AT, labels={"env": "prod"})
    current = CurrentIncident(IncidentView("i-1", AT, [fact]), False, 1)
    found = filled(lambda incident: current).fill_in(record(), "restart-worker")
    assert found is not None
    assert found.parameters == {"host": "worker-7"}


def test_record_stands_in_for_an_incident_that_the_engine_forgot() -> None:
    found = filled(lambda incident: None).fill_in(record(), "restart-worker")
    assert found is not None
    assert (found.fits, found.parameters) == (True, {"host": "worker-1"})


def test_record_stands_in_for_an_engine_that_does_not_answer() -> None:
    def slow(incident: str) -> CurrentIncident | None:
        raise AiopsError("incident: the engine did not answer in 5 s; try again")

    found = filled(slow).fill_in(record(), "restart-worker")
    assert found is not None
    assert found.parameters == {"host": "worker-1"}


def test_unknown_name_is_no_playbook() -> None:
    known = filled(lambda incident: None)
    assert known.fill_in(record(), "unknown") is None
    assert list(known.playbooks) == ["restart-worker"]
