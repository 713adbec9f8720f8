"""A node is cordoned only if enough others remain, and never one that another person has cordoned."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.step_kinds.exchange import StepRefused
from tests.connectors.kubernetes.answers import KIND, Json, found, listing, metadata, prepared, progress, reply


def cordon(operation: str = "cordon", **more: Any) -> Any:
    return prepared(operation, "node-1", namespace=None, **more)


def node(*, unschedulable: bool = False, **meta: Any) -> Json:
    spec = {"unschedulable": True} if unschedulable else {}
    return {"metadata": metadata("node-1", namespace="") | meta, "spec": spec}


def nodes(total: int) -> Json:
    return listing({"metadata": {}}, **({"continue": "x", "remainingItemCount": total - 1} if total > 1 else {}))


def test_plan_shows_what_cordoning_sends() -> None:
    made = cordon()
    assert made.url.startswith("https://api.example:6443/api/v1/nodes/node-1?")
    tests = {"op": "test", "path": "/metadata/uid", "value": {"$taken": "uid"}}
    assert made.body == [
        tests,
        {"op": "test", "path": "/spec/unschedulable", "value": None},
        {"op": "add", "path": "/spec/unschedulable", "value": True},
    ]
    assert made.undo is not None
    assert made.undo.body == [
        tests,
        {"op": "test", "path": "/spec/unschedulable", "value": True},
        {"op": "remove", "path": "/spec/unschedulable"},
    ]
    assert cordon("uncordon").body == made.undo.body


@pytest.mark.parametrize(
    ("cordoned", "total", "allowed"),
    [(0, 3, True), (1, 3, False), (0, 2, False), (0, 1, False), (33, 100, True), (34, 100, False)],
)
def test_share_of_cordoned_nodes_is_bounded(cordoned: int, total: int, allowed: bool) -> None:
    answers = node(), listing(*[{"metadata": {}}] * cordoned), nodes(total)
    if allowed:
        assert found(cordon(), *answers) == {"uid": "u-1"}
        return
    with pytest.raises(StepRefused, match=rf"^too-many-nodes: .*{cordoned + 1} of {total} nodes"):
        found(cordon(), *answers)


def test_last_node_is_never_cordoned() -> None:
    with pytest.raises(StepRefused, match=r"^too-many-nodes: "):
        found(cordon(options={"max_cordoned_percent": 100.0}), node(), listing({"metadata": {}}), nodes(2))


@pytest.mark.parametrize(
    ("operation", "answers", "code"),
    [
        ("cordon", (node(unschedulable=True), listing(), nodes(9)), "nothing-to-change"),
        ("uncordon", (node(),), "nothing-to-change"),
        ("cordon", (node(), listing(**{"continue": "x"}), nodes(9)), "unreadable"),
        ("cordon", (node(), listing(), listing({}, **{"continue": "x"})), "unreadable"),
        ("cordon", (node(), {"items": {}}, nodes(9)), "unreadable"),
        ("cordon", (node(deletionTimestamp="now"), listing(), nodes(9)), "changed"),
    ],
)
def test_cordoning_is_refused(operation: str, answers: tuple[Json, ...], code: str) -> None:
    with pytest.raises(StepRefused, match=rf"^{code}: "):
        found(cordon(operation), *answers)


def test_dry_run_must_cordon() -> None:
    KIND.rehearsed(cordon(), {}, reply(node(unschedulable=True)))
    KIND.rehearsed(cordon("uncordon"), {}, reply(node()))
    for operation, answer in (("cordon", node()), ("uncordon", node(unschedulable=True)), ("cordon", {})):
        with pytest.raises(StepRefused, match=r"^(dry-run-differs|unreadable): "):
            KIND.rehearsed(cordon(operation), {}, reply(answer))


def test_progress_of_cordoning() -> None:
    assert progress(cordon(), node(unschedulable=True)).state == "done"
    assert progress(cordon(), node()).state == "failed"
    assert found(cordon("uncordon"), node(unschedulable=True)) == {"uid": "u-1"}
    assert progress(cordon("uncordon"), node()).state == "done"
    assert progress(cordon("uncordon"), node(unschedulable=True)).state == "failed"
