"""Values at paths into JSON, such as `status.containerStatuses[].lastState.terminated.reason`."""

from __future__ import annotations

from typing import Any

from aiops.step_kinds.forms import Scalar

# Values of one cell: the containers of a pod, the conditions of a node.
MAX_VALUES = 20


def values_at(document: Any, path: str) -> list[Scalar]:
    """Return the scalars at a path, at most `MAX_VALUES`.

    >>> values_at({"items": [{"n": 1}, {"n": 2}, {}]}, "items[].n")
    [1, 2]
    """
    return [one for one in found_at(document, path) if isinstance(one, str | int | float | bool)][:MAX_VALUES]


def found_at(document: Any, path: str) -> list[Any]:
    """Return everything at a path; a list that `[]` names by its items."""
    found = [document]
    for part in path.split("."):
        name, every = part.removesuffix("[]"), part.endswith("[]")
        found = [one[name] for one in found if isinstance(one, dict) and name in one]
        if every:
            found = [item for one in found if isinstance(one, list) for item in one]
    return found
