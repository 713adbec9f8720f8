"""What runs is what was approved: the id of a plan covers all that is sent, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.respond.guards import GUARDS, GuardCheck, Policy, World
from aiops.respond.history import History, Run
from aiops.respond.plans import Plan, Planner
from aiops.testing.receiver import Receiver, Reply, receiving
from aiops.topology import Edge, Node, Topology
from tests.respond.bench import Bench, get, paths, post, view

Make = Callable[..., Bench]
DIRECTORY = {"from": ["alert.labels.directory"], "pattern": "[a-z/]{1,60}"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def make(samples: SimpleNamespace, receiver: Receiver, tmp_path: Path) -> Iterator[Make]:
    made: list[Bench] = []

    def bench(**changes: Any) -> Bench:
        playbook = samples.playbook(**{"steps": [post(receiver, "restart")], **changes})
        made.append(Bench(samples, tmp_path / f"{len(made)}.jsonl", playbook))
        made[-1].release()
        return made[-1]

    yield bench
    for one in made:
        one.close()


def test_a_plan_that_changed_after_its_approval_is_not_run(make: Make, receiver: Receiver, samples: Any) -> None:
    """The approver saw /srv/cache; then a worse alert came, with another directory."""
    steps = [post(receiver, "clean", body={"directory": "{{ directory }}"})]
    parameters = {"host": {"from": ["cause.entity"]}, "directory": DIRECTORY}
    bench = make(steps=steps, parameters=parameters)
    bench.view = view(directory="/srv/cache")
    approved = bench.approve()
    assert approved.requests[0].body == {"directory": "/srv/cache"}
    bench.view = view(directory="/var/lib/mysql")
    done = bench.run(approved=approved.id)
    assert done.run is None
    assert "the plan changed since" in done.sentence
    assert bench.run().sentence.endswith("0 of 1 approvals within 15m; team:platform may approve")
    assert receiver.requests == []
    said = [line["data"] for line in bench.lines() if line["kind"] == "refused"]
    assert said[0]["say"].startswith("restart-worker was approved and not run: the plan changed since")
    bench.approve()
    assert bench.run().state == "executed"
    assert json.loads(receiver.requests[0].body) == {"directory": "/var/lib/mysql"}


def test_a_quorum_is_for_one_plan(make: Make, receiver: Receiver) -> None:
    approval = {"approvers": ["team:platform"], "quorum": 2}
    parameters = {"host": {"from": ["cause.entity"]}, "directory": DIRECTORY}
    bench = make(
        steps=[post(receiver, "clean", body={"directory": "{{ directory }}"})], parameters=parameters, approval=approval
    )
    bench.view = view(directory="/srv/cache")
    bench.approve("ann")
    bench.view = view(directory="/var/lib/mysql")
    assert "1 of 2 approvals" in (bench.approve("bob").refused or "")
    assert bench.run().run is None
    assert receiver.requests == []
    assert bench.approve("ann").refused is None
    assert bench.run().state == "executed"


def test_one_person_is_no_quorum(make: Make) -> None:
    bench = make(approval={"approvers": ["team:platform"], "quorum": 2})
    bench.approve("ann")
    assert "1 of 2 approvals" in (bench.approve("ann").refused or "")


def _whole(receiver: Receiver) -> dict[str, Any]:
    return {
        "preconditions": [get(receiver, "alive")],
        "steps": [post(receiver, "drain"), post(receiver, "restart")],
        "verify": [get(receiver, "healthy")],
        "rollback": [post(receiver, "undrain")],
    }


def test_a_plan_shows_everything_that_may_be_sent(make: Make, receiver: Receiver) -> None:
    bench = make(**_whole(receiver), guards={"maxTargets": {"count": 2}, "minAge": "0s"})
    plan = bench.plan(["worker-1", "worker-2"])
    assert [str(call) for call in plan.requests] == [
        "precondition alive on worker-1",
        "precondition alive on worker-2",
        "drain on worker-1",
        "restart on worker-1",
        "drain on worker-2",
        "restart on worker-2",
        "verify healthy on worker-1",
        "verify healthy on worker-2",
        "rollback undrain on worker-2",
        "rollback undrain on worker-1",
    ]
    bench.approve(targets=["worker-1", "worker-2"])
    receiver.replies = [Reply(200)] * 5 + [Reply(500), Reply(200)]
    assert bench.run(["worker-1", "worker-2"]).state == "failed"
    shown = {(call.method, call.url.removeprefix(receiver.url)) for call in plan.requests}
    assert {(request.method, request.path) for request in receiver.requests} <= shown
    assert paths(receiver)[-2:] == ["/worker-2/undrain", "/worker-1/undrain"]


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("path", {"path": ["{{ host }}", "kill"]}),
    ("body", {"body": {"by": "somebody"}}),
    ("timeout", {"timeout": "31s"}),
    ("statuses", {"expect": {"status": [200, 500]}}),
    ("method", {"method": "PUT"}),
    ("query", {"query": {"force": True}}),
    ("headers", {"headers": {"X-Force": "yes"}}),
    ("secret", {"secret": "root"}),
    ("attempts", {"attempts": 2, "idempotent": True}),
    ("url", {"url": "https://elsewhere.example/"}),
    ("name", {"name": "restart gently"}),
]


@pytest.mark.parametrize("part", ["steps", "rollback"])
@pytest.mark.parametrize(("what", "change"), CHANGES, ids=[what for what, _ in CHANGES])
def test_any_change_of_a_request_needs_a_new_approval(
    make: Make, receiver: Receiver, part: str, what: str, change: dict[str, Any]
) -> None:
    before, after = post(receiver, "restart"), {**post(receiver, "restart"), **change}
    steps = {} if part == "steps" else {"steps": [post(receiver, "drain")]}
    assert make(**{**steps, part: [before]}).plan().id != make(**{**steps, part: [after]}).plan().id


@pytest.mark.parametrize(
    "change",
    [
        {"guards": {"cooldown": "11m"}},
        {"summary": "Restart a worker that hangs!"},
        {"verify": [{"kind": "alert-resolved"}]},
        {"approval": {"approvers": ["team:platform"], "timeout": "16m"}},
        {"rollback": [{"kind": "manual", "name": "undo it"}]},
    ],
)
def test_a_playbook_with_other_content_and_the_same_version_needs_a_new_approval(
    make: Make, change: dict[str, Any]
) -> None:
    assert make().plan().id != make(**change).plan().id


def test_a_plan_that_is_the_same_has_the_same_id(make: Make, receiver: Receiver) -> None:
    """What is not sent does not count: more alerts, a later look, another cause behind it."""
    first, second = make(**_whole(receiver)), make(**_whole(receiver))
    second.now += 60
    second.view = view(job="batch")
    assert first.plan().id == second.plan().id
    assert first.plan(["worker-1"]).id != first.plan(["worker-2"]).id
    second.view = view(incident="i2")
    assert first.plan().id != second.plan().id


def test_a_precondition_that_is_no_question_is_refused(samples: SimpleNamespace, tmp_path: Path) -> None:
    from aiops.respond.catalogue import PlaybookError, usable

    step = {"kind": "http", "name": "x", "url": "https://ops.example/x"}
    for part in ("preconditions", "verify"):
        with pytest.raises(PlaybookError, match=rf"\$\.{part}\[0\]\.method: expected GET or HEAD"):
            usable(samples.playbook(**{part: [step]}), tmp_path)
        assert usable(samples.playbook(**{part: [{**step, "method": "GET"}]}), tmp_path)


def test_runs_of_older_trails_are_read() -> None:
    """Before there was a digest, a run's line had no requests."""
    assert msgspec.convert(
        {"id": "x", "playbook": "p", "version": "1", "incident": "i", "targets": [], "started_at": 1}, Run
    )


def planner(samples: SimpleNamespace, topology: Topology | None = None, **changes: Any) -> Planner:
    book = samples.playbook(**changes)
    history = History(switches={"global": False})
    return Planner({book.name: book}, topology or samples.topology(), Policy(ceiling="approve"), history)


def plan_of(samples: SimpleNamespace, *targets: str, topology: Topology | None = None, **changes: Any) -> Plan:
    made = planner(samples, topology, **changes)
    return made.plan(samples.view("WorkerHangs"), "restart-worker", World(samples.at + 120), targets or None)[0]


def test_plan_names_its_only_obstacle(samples: SimpleNamespace) -> None:
    plan = plan_of(samples)
    assert (plan.playbook, plan.incident, plan.targets) == ("restart-worker", "i1", ["worker-1"])
    asked = [check.guard for check in plan.checks if check.state != "later"]
    assert asked == [name for name, _ in GUARDS]
    assert (plan.code, plan.mode, plan.automatic) == ("approval_missing", "approve", [])
    assert plan.refused is not None
    assert "0 of 1 approvals" in plan.refused
    assert plan.sentence == f"would run restart-worker on worker-1; refused because {plan.refused}"
    assert plan.parameters == {"worker-1": {"host": "worker-1"}}


def test_plan_without_a_target_sends_nothing(samples: SimpleNamespace) -> None:
    view = samples.view("WorkerHangs", cause=None)
    plan, case = planner(samples).plan(view, "restart-worker", World(samples.at + 120))
    assert (plan.targets, plan.requests, case.values) == ([], [], [])
    assert str(plan) == "restart-worker on nothing"


def test_plan_fills_each_target_with_its_own_name(samples: SimpleNamespace) -> None:
    plan = plan_of(samples, "worker-2", "worker-3")
    assert [call.url.split("/")[-2] for call in plan.requests] == ["worker-2", "worker-3"]


def test_plan_of_a_hostile_target_has_no_request_for_it(samples: SimpleNamespace) -> None:
    plan = plan_of(samples, "worker-2", "../admin")
    assert [call.target for call in plan.requests] == ["worker-2"]
    assert "parameters" in {check.guard for check in plan.checks if check.state == "refused"}


def test_playbook_that_is_not_in_the_catalogue_cannot_be_planned(samples: SimpleNamespace) -> None:
    made = planner(samples)
    assert made.playbook("gone") is None
    assert made.playbook("restart-worker") is not None
    with pytest.raises(UsageError, match="got 'gone'"):
        made.plan(samples.view("WorkerHangs"), "gone", World(samples.at))


def test_steps_by_hand_are_named_and_not_sent(samples: SimpleNamespace) -> None:
    plan = plan_of(samples, rollback=[{"kind": "manual", "name": "tell the customer"}])
    assert plan.by_hand == ["tell the customer"]
    assert {call.phase for call in plan.requests} == {"step"}


@pytest.mark.parametrize(
    ("edges", "nodes", "known", "members"),
    [
        (["worker-1", "worker-2", "worker-3"], [Node("work")], None, 3),
        (["worker-1", "worker-2"], [], None, 2),
        ([], [], None, None),
        (["worker-1", "worker-2"], [Node("work")], 40, 40),
    ],
)
def test_size_of_the_service_is_what_the_topology_or_the_host_knows(
    samples: SimpleNamespace, edges: list[str], nodes: list[Node], known: int | None, members: int | None
) -> None:
    topology = Topology.build(
        [*nodes, *[Node(name, "host") for name in edges]], [Edge(name, "work", "part_of") for name in edges]
    )
    made = planner(samples, topology)
    _, case = made.plan(samples.view("WorkerHangs"), "restart-worker", World(samples.at, members=known))
    assert case.world.members == members


def test_plan_takes_over_what_the_guards_say() -> None:
    plan = Plan("id", "p", "i", ["a", "b"], [], [], "old", "old")
    assert plan.weigh([GuardCheck("mode", "passed", "holds")]) is None
    assert (plan.refused, plan.sentence) == (None, "would run p on a, b")
    stop = GuardCheck("storm", "refused", "a storm")
    assert plan.weigh([stop]) is stop
    assert (plan.refused, plan.sentence) == ("a storm", "would run p on a, b; refused because a storm")
