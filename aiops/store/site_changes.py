"""Changes of entities (deploys, configurations), for timelines: when, where, and their link."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

MAX_LIMIT = 1_000
# Names in one statement: beyond, all changes of the time are read and chosen here.
_FEW = 400


class SiteChange(Struct):
    """One change of an entity."""

    seq: int
    at: float
    entity: str
    service: str | None
    name: str
    message: str | None
    url: str | None
    labels: dict[str, str]


def site_changes(
    reader: sqlite3.Connection,
    since: float,
    until: float,
    entities: Sequence[str] = (),
    services: Sequence[str] = (),
    limit: int = 200,
) -> list[SiteChange]:
    """Return the newest changes in a time, newest first: of the entities and services named, or all."""
    where, values = "at >= ? and at < ?", [since, until]
    names = [*entities, *services]
    if names and len(names) <= _FEW:
        clauses = [
            f"{column} in ({', '.join('?' * len(some))})"
            for column, some in (("entity", entities), ("service", services))
            if some
        ]
        where += f" and ({' or '.join(clauses)})"
    found = reader.execute(
        f"select seq, at, entity, service, name, message, url, labels from site_changes where {where}"  # noqa: S608
        " order by at desc, seq desc limit ?",
        (*values, *(names if len(names) <= _FEW else ()), min(limit, MAX_LIMIT) if len(names) <= _FEW else MAX_LIMIT),
    )
    rows = [_change(row) for row in found]
    if len(names) > _FEW:
        entity_set, service_set = set(entities), set(services)
        rows = [one for one in rows if one.entity in entity_set or one.service in service_set][:limit]
    return rows


def _change(row: tuple[Any, ...]) -> SiteChange:
    values = dict(zip(SiteChange.__struct_fields__, row, strict=True))
    return SiteChange(**{**values, "labels": msgspec.json.decode(values["labels"], type=dict[str, str])})
