"""A patch sets its values only on the object and in the state that was read."""

from __future__ import annotations

from aiops_connectors.kubernetes.patches import hole, prepared, put, same

from aiops.step_kinds.exchange import Request


def test_operations_are_those_of_rfc_6902() -> None:
    assert same("/a", None) == {"op": "test", "path": "/a", "value": None}
    assert put("add", "/a", hole("x")) == {"op": "add", "path": "/a", "value": {"$taken": "x"}}


def test_change_keeps_all_that_its_request_has() -> None:
    change = Request("PATCH", "https://x.example", {"a": "b"}, [], "secret", 7.0, [200], "prod")
    made = prepared(change, facts={"n": 1})
    assert [getattr(made, name) for name in Request.__struct_fields__] == [
        getattr(change, name) for name in Request.__struct_fields__
    ]
    assert made.facts == {"n": 1}
