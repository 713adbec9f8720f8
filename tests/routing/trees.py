"""Routes and alerts for tests."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec

from aiops.engine.events import StreamLabels
from aiops.records import parse_severity
from aiops.routing.config import Route, TimeInterval
from aiops.routing.tree import Tree
from aiops.topology import Topology


def alert(name: str = "Down", severity: str = "critical", **more: Any) -> StreamLabels:
    """A firing alert; what is no field is a label."""
    fields = {key: more.pop(key) for key in ("entity", "service", "workload", "source", "fingerprint") if key in more}
    entity = fields.pop("entity", "web-1")
    fingerprint = fields.pop("fingerprint", name + entity)
    level = int(parse_severity(severity))
    firing = more.pop("is_firing", True)
    return StreamLabels(fingerprint, name, entity, severity=level, is_firing=firing, labels=more, **fields)


def tree(text: str, topology: Topology | None = None) -> Tree:
    """The tree of a configuration; endpoints are not checked."""
    table = tomllib.loads(text)
    intervals = msgspec.convert(table.get("time_intervals", []), list[TimeInterval])
    return Tree(msgspec.convert(table["route"], Route), intervals, topology=topology)
