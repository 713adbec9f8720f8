"""Cordoning of a node, which then gets no new pods, and its reverse; pods that run there stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiops.step_kinds.exchange import Observed, Poll, Prepared, Progress, Reply, Request, Taken
from aiops_connectors.kubernetes.form import Subject
from aiops_connectors.kubernetes.objects import UID, Listing, Node, Refused, read, read_object
from aiops_connectors.kubernetes.observing import observed
from aiops_connectors.kubernetes.patches import hole, prepared, put, same
from aiops_connectors.kubernetes.refusals import refuse_deleted
from aiops_connectors.kubernetes.resources import JSON_PATCH, METADATA_LIST, Api

_FLAG = "/spec/unschedulable"
_LIMIT_S = 60.0
MAX_CORDONED = 500


def prepare(api: Api, subject: Subject, *, cordon: bool) -> Prepared:
    """Return all that cordoning or uncordoning may send."""
    url = api.core("nodes", subject.name)
    change = _patch(api, url, cordon=cordon)
    return prepared(
        change,
        reads=[api.get(url), *(_counts(api) if cordon else [])],
        dry_run=_patch(api, url, cordon=cordon, dry=True),
        poll=Poll(api.get(url), limit_s=_LIMIT_S),
        # Refused by the server if anybody has set it otherwise since.
        undo=_patch(api, url, cordon=not cordon),
        taken={"uid": Taken("read", "the uid of the node", UID)},
        facts={"cordon": cordon},
    )


def found(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Any]:
    """Return the taken values; raise `Refused` for a node that is as wanted, or whose loss is too much."""
    node, cordon = read_object(replies[0], Node, subject), facts["cordon"]
    refuse_deleted(subject, node.metadata)
    if node.spec.unschedulable == cordon:
        raise Refused("nothing-to-change", f"{subject} is {'cordoned' if cordon else 'schedulable'} already")
    if cordon:
        _refuse_too_many(subject, facts["max_cordoned_percent"], replies[1], replies[2])
    return {"uid": node.metadata.uid}


def seen(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> Observed:
    """Return the node; `found` has accepted the same answers."""
    node = read_object(replies[0], Node, subject)
    return observed(subject, node.metadata, f"{'cordons' if facts['cordon'] else 'uncordons'} {subject}")


def rehearsed(subject: Subject, facts: Mapping[str, Any], reply: Reply) -> None:
    """Raise `Refused` unless the dry run sets the node as wanted."""
    if read_object(reply, Node, subject).spec.unschedulable != facts["cordon"]:
        raise Refused("dry-run-differs", f"{subject}: the API server would not change it")


def progress(subject: Subject, facts: Mapping[str, Any], reply: Reply) -> Progress:
    """Judge the node after the change; raise `Refused` for an answer that is another object."""
    node, cordon = read_object(reply, Node, subject), facts["cordon"]
    if node.spec.unschedulable != cordon:
        return Progress("failed", "another change has set it otherwise")
    return Progress("done", "cordoned" if cordon else "schedulable")


def _patch(api: Api, url: str, *, cordon: bool, dry: bool = False) -> Request:
    # The field is left out of a node that is schedulable: a test for null passes where there is none.
    before = same(_FLAG, None if cordon else True)
    after = put("add", _FLAG, True) if cordon else {"op": "remove", "path": _FLAG}
    return api.change("PATCH", url, [same("/metadata/uid", hole("uid")), before, after], JSON_PATCH, dry=dry)


def _counts(api: Api) -> list[Request]:
    """Return the reads that give the number of cordoned nodes, and of all nodes."""
    nodes = api.core("nodes")
    return [
        api.get(nodes, accept=METADATA_LIST, fieldSelector="spec.unschedulable=true", limit=MAX_CORDONED),
        api.get(nodes, accept=METADATA_LIST, limit=1),
    ]


def _refuse_too_many(subject: Subject, percent: float, cordoned: Reply, nodes: Reply) -> None:
    marked, one = read(cordoned, Listing, "cordoned nodes"), read(nodes, Listing, "nodes")
    if marked.metadata.continue_ or (one.metadata.continue_ and one.metadata.remaining_item_count is None):
        raise Refused("unreadable", "the nodes could not be counted")
    total = len(one.items or []) + (one.metadata.remaining_item_count or 0)
    after = len(marked.items or []) + 1
    if after >= total or after * 100 > total * percent:
        raise Refused(
            "too-many-nodes",
            f"{subject}: {after} of {total} nodes would be unschedulable; at most {percent:g} % may be",
        )
