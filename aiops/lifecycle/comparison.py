"""Two versions or runs side by side: data, parameters, metrics."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from aiops.errors import UsageError
from aiops.lifecycle.registry import Registry
from aiops.lifecycle.version import Run, Version


class Row(Struct, frozen=True):
    """One property of both; `difference` is empty where there is none, or nothing to subtract."""

    name: str
    first: str
    second: str
    difference: str = ""


def compared(registry: Registry, first: str, second: str, slot: str | None = None) -> list[Row]:
    """Return the properties of two versions or runs; raise `UsageError` for an unknown one."""
    one, other = (_fields(_found(registry, name, slot)) for name in (first, second))
    return [_row(name, one.get(name), other.get(name)) for name in dict.fromkeys([*one, *other])]


def _found(registry: Registry, name: str, slot: str | None) -> Version | Run:
    if not name.isdecimal():
        return registry.get(name, slot)
    run = next((one for one in registry.runs(slot) if one.number == int(name)), None)
    if run is None:
        raise UsageError(f"models: expected the number of a run (`aiops models runs`); got {name[:100]}")
    return run


def _fields(one: Version | Run) -> dict[str, Any]:
    data = one.data
    found: dict[str, Any] = {"slot": one.slot, "sources": ", ".join(data.sources), "records": data.records}
    found |= {"since": data.since, "until": data.until, "hash": data.hash[:16]}
    found |= {"confirmed": data.confirmed, "labelled": data.labelled}
    if isinstance(one, Version):
        found |= {"algorithm": one.algorithm, "parent": one.parent, "stage": one.stage, "size": one.size}
        found |= {"recommended": one.verdict, "reason": one.reason, "code": one.code}
    else:
        found |= {"kind": one.kind, "outcome": one.outcome, "problem": one.problem, "seconds": round(one.seconds, 3)}
        found |= {"version": one.version}
    found |= {f"parameter {name}": value for name, value in sorted(one.parameters.items())}
    return found | dict(sorted(one.metrics.items()))


def _row(name: str, first: Any, second: Any) -> Row:
    numbers = (first, second)
    difference = ""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers) and first != second:
        difference = f"{second - first:+.6g}"
    elif first != second:
        difference = "differs"
    return Row(name, _text(first), _text(second), difference)


def _text(value: Any) -> str:
    if value is None or value == "":
        return "-"
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
