"""Answers are read strictly: a proxy's error page, another object or a missing uid is no object to change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiops_connectors.kubernetes.form import Subject
from aiops_connectors.kubernetes.objects import Listing, Pod, Refused, Workload, pod_template, read, read_object

from aiops.step_kinds.exchange import Reply

CART = Subject("deployment", "shop", "cart")
META = {"name": "cart", "namespace": "shop", "uid": "u-1", "resourceVersion": "7"}


def reply(value: Any, status: int = 200) -> Reply:
    return Reply(status, body=value if isinstance(value, bytes) else json.dumps(value).encode())


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"<html>sign in</html>"),
        reply(b""),
        reply([]),
        reply({}),
        reply(b"[" * 200_000),
        reply(b"\xff\xfe"),
        reply(b'{"metadata": ' + b"x" * 5_000_000),
        reply({"metadata": META | {"uid": ""}}),
        reply({"metadata": META | {"uid": "../x"}}),
        reply({"metadata": META | {"uid": 7}}),
        reply({"metadata": META | {"name": "other"}}),
        reply({"metadata": META | {"namespace": "other"}}),
        reply({"metadata": META | {"labels": [1]}}),
        reply({"metadata": META, "spec": {"replicas": "3"}}),
        reply({"metadata": META, "spec": {"replicas": True}}),
        reply({"metadata": META}, 500),
        reply({"metadata": META}, 302),
        Reply(error="no answer within 15 s"),
    ],
)
def test_other_answers_are_unreadable(answer: Reply) -> None:
    with pytest.raises(Refused) as caught:
        read_object(answer, Workload, CART)
    assert caught.value.code == "unreadable"
    assert len(str(caught.value)) < 400


def test_missing_object_has_its_own_code() -> None:
    with pytest.raises(Refused, match=r"^not-found: deployment shop/cart: status 404"):
        read_object(reply({"kind": "Status"}, 404), Workload, CART)


def test_object_is_read_with_its_defaults() -> None:
    found = read_object(reply({"metadata": META, "spec": {"anything": {"else": 1}}}), Workload, CART)
    assert (found.metadata.uid, found.spec.replicas, found.status.observed_generation) == ("u-1", 1, 0)
    owners = [{"kind": "A", "name": "a", "uid": "1"}, {"kind": "B", "name": "b", "uid": "2", "controller": True}]
    pod = read_object(reply({"metadata": META | {"ownerReferences": owners}}), Pod, CART)
    assert pod.metadata.controller is not None
    assert pod.metadata.controller.kind == "B"


def test_list_may_be_null_and_may_go_further() -> None:
    assert read(reply({"items": None, "metadata": {}}), Listing, "pods").items is None
    found = read(reply({"items": [], "metadata": {"continue": "x", "remainingItemCount": 5}}), Listing, "pods")
    assert (found.metadata.continue_, found.metadata.remaining_item_count) == ("x", 5)


def test_pod_template_leaves_out_the_hash_and_nulls() -> None:
    template = {
        "metadata": {"creationTimestamp": None, "labels": {"app": "cart", "pod-template-hash": "x"}},
        "spec": {"containers": [{"name": "a", "command": None}]},
    }
    found = read_object(reply({"metadata": META, "spec": {"template": template}}), Workload, CART)
    assert pod_template(found) == {"metadata": {"labels": {"app": "cart"}}, "spec": {"containers": [{"name": "a"}]}}
    odd = read_object(reply({"metadata": META, "spec": {"template": {"metadata": 3}}}), Workload, CART)
    assert pod_template(odd) == {"metadata": 3}
