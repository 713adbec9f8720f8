"""Playbooks filled in for an incident, for people who carry them out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aiops.records import Cause, Change, Incident, Member
from aiops.respond.catalogue import read_catalogue, shipped
from aiops.respond.filled import blank, command_parts, fill_in, request_text, view_of_record
from aiops.step_kinds.exchange import Request
from aiops.topology import Topology
from tests.respond.sample_kind import Recycle, RecycleKind, system

MEMBER = Member(
    "f",
    "KubeDeploymentReplicasMismatch",
    "deployments/cart",
    "high",
    "firing",
    3,
    1_000.0,
    1_060.0,
    service="cart",
    labels={"namespace": "shop", "deployment": "cart"},
)


def incident(**changes: object) -> Incident:
    fields = {"id": "i-1", "opened_at": 1_000.0, "severity": "high", "members": [MEMBER], "causes": [Cause("cart")]}
    return Incident(**{**fields, **changes})  # type: ignore[arg-type]


def test_steps_are_sorted_by_what_they_are_for(samples: SimpleNamespace) -> None:
    book = samples.playbook(
        diagnosis=[{"kind": "manual", "name": "look", "run": "ping {{ host }}"}],
        preconditions=[{"kind": "http", "name": "up", "url": "https://ops.example/up", "method": "GET"}],
        verify=[{"kind": "alert-resolved", "within": "5m", "stableFor": "1m"}],
        rollback=[{"kind": "manual", "name": "undo"}],
    )
    found = fill_in(book, samples.view("WorkerHangs"), samples.topology())
    assert [found.diagnosis[0].run, found.preconditions[0].name, found.rollback[0].name] == [
        "ping worker-1",
        "up",
        "undo",
    ]
    [step], [check] = found.steps, found.verify
    assert step.request is not None
    assert step.request.url == "https://ops.example/hosts/worker-1/restart"
    assert "resolve within 5m" in check.name
    assert (found.fits, found.target, found.when_not_to_use) == (True, "worker-1", "All workers hang.")


def test_playbook_that_does_not_fit_is_shown_with_the_reason(samples: SimpleNamespace) -> None:
    found = fill_in(samples.playbook(), samples.view("Other"), samples.topology())
    assert not found.fits
    assert "no alert" in found.reason


def test_missing_value_stays_visible(samples: SimpleNamespace) -> None:
    found = fill_in(samples.playbook(), samples.view("WorkerHangs", cause=None), samples.topology())
    assert found.missing == {"host": "no value was found"}
    assert found.steps[0].missing == ["host"]


def test_value_that_is_no_path_segment_leaves_the_step_with_its_reason(samples: SimpleNamespace) -> None:
    book = samples.playbook(parameters={"host": {"from": ["cause.entity"], "pattern": "[.]{1,2}"}})
    found = fill_in(book, samples.view("WorkerHangs", entity="..", cause=".."), samples.topology())
    [step] = found.steps
    assert (step.name, step.request) == ("restart", None)
    assert "path segment" in (step.note or "")


@pytest.mark.parametrize("cause", ["-rf", "$(reboot)", "a;b", "w" * 61])
def test_hostile_entity_gets_into_no_command(samples: SimpleNamespace, cause: str) -> None:
    book = samples.playbook(diagnosis=[{"kind": "manual", "name": "look", "run": "ping {{ host }}"}])
    found = fill_in(book, samples.view("WorkerHangs", entity=cause, cause=cause), samples.topology())
    assert found.diagnosis[0].run == "ping <host>"


def test_playbook_for_no_incident_shows_its_parameters(samples: SimpleNamespace) -> None:
    found = blank(samples.playbook(diagnosis=[{"kind": "manual", "name": "look", "run": "ping {{ host }}"}]))
    assert (found.fits, found.target, found.diagnosis[0].run) == (False, None, "ping <host>")


def test_record_alone_fills_in_the_commands_of_its_members() -> None:
    book = read_catalogue([shipped()]).playbooks["bad-deploy-rollback"]
    found = fill_in(book, view_of_record(incident()), Topology())
    assert found.fits
    commands = [shown.run for shown in found.diagnosis if shown.run is not None]
    assert commands[0] == "kubectl -n shop rollout history deployment/cart"


def test_view_of_a_record_has_the_changes_of_its_causes() -> None:
    change = Change(ts=990.0, entity="cart", name="deploy")
    view = view_of_record(incident(causes=[Cause("cart", change=change), Cause("db")], first_alert_at=995.0))
    assert (view.changes, view.opened_at, view.severity) == ([change], 995.0, 3)
    assert view_of_record(Incident(id="empty")).facts == []


def test_request_is_read_as_lines() -> None:
    made = Request("POST", "https://ops.example/x", {"x-team": "shop"}, {"to": "previous"})
    assert request_text(made).splitlines() == [
        "POST https://ops.example/x",
        "x-team: shop",
        "{",
        '  "to": "previous"',
        "}",
    ]
    assert request_text(Request("GET", "https://ops.example/y")) == "GET https://ops.example/y"


@pytest.mark.parametrize(
    ("text", "blanks"),
    [
        ("kubectl -n <namespace> get pod <pod>", ["<namespace>", "<pod>"]),
        ("df -h", []),
        ("a < b > c; x <1>", []),
        ("", []),
    ],
)
def test_blanks_of_a_command_are_told_from_the_rest(text: str, blanks: list[str]) -> None:
    parts = command_parts(text)
    assert [part.text for part in parts if part.is_blank] == blanks
    assert "".join(part.text for part in parts) == text


@pytest.mark.parametrize(
    ("tags", "subject"), [(["host", "disk"], "host"), (["node"], "host"), (["database"], ""), ([], "")]
)
def test_steps_that_run_on_a_host_state_it(samples: SimpleNamespace, tags: list[str], subject: str) -> None:
    assert fill_in(samples.playbook(tags=tags), samples.view("WorkerHangs"), samples.topology()).subject == subject


def test_all_that_may_be_sent_with_a_request_is_read_as_lines() -> None:
    made = RecycleKind().prepare(Recycle(name="recycle", worker="a"), {}, system())
    assert request_text(made).splitlines()[-7:] == [
        "before it: GET https://pool.example/workers/a",
        "dry run before it: POST https://pool.example/workers/a?dry=1 "
        '{"version":{"$taken":"version"},"spec":{"$taken":"spec"}}',
        "after it, every 5 seconds, for up to 20 seconds: GET https://pool.example/jobs/{job}",
        "a rollback sends: DELETE https://pool.example/jobs/{job}",
        "{version} is the version of the worker, from what it read before (like [0-9]{1,9})",
        "{spec} is the settings of the worker, from what it read before",
        "{job} is the id of the job, from the answer to it (like [a-z0-9-]{1,20})",
    ]
