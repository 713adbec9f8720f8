"""JSON Patches (RFC 6902) with their conditions, which the API server tests in the same transaction.

A `test` that fails answers 422 and changes nothing (https://www.rfc-editor.org/rfc/rfc6902#section-4.6). Status updates
do not matter to it, as they would to a precondition on `resourceVersion`: a workload that crash-loops gets one with
each restart.
"""

from __future__ import annotations

from typing import Any

from aiops.step_kinds.exchange import HOLE, Prepared, Request


def hole(name: str) -> dict[str, str]:
    """Return the hole of a value that is taken from an answer."""
    return {HOLE: name}


def same(path: str, value: Any) -> dict[str, Any]:
    """Return the test that a value is as it was."""
    return {"op": "test", "path": path, "value": value}


def put(op: str, path: str, value: Any) -> dict[str, Any]:
    """Return an operation that sets a value: `add` anywhere, `replace` only where there is one."""
    return {"op": op, "path": path, "value": value}


def prepared(change: Request, **parts: Any) -> Prepared:
    """Return a change with all that belongs to it."""
    return Prepared(**{name: getattr(change, name) for name in Request.__struct_fields__}, **parts)
