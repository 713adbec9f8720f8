"""An incident cut to a number of bytes: the parts that people need least are left out first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from aiops.records import Incident

_Plain = dict[str, Any]
_Step = Callable[[_Plain], None]


def shortened(incident: Incident, max_bytes: int) -> tuple[dict[str, Any], list[str]]:
    """Return the incident as JSON values of at most `max_bytes` bytes, and the parts that were cut.

    >>> shortened(Incident(id="i-1", alerts=["a"] * 9000), 200)
    ({'kind': 'incident', 'id': 'i-1'}, ['alerts'])
    """
    whole = msgspec.to_builtins(incident)
    cuts: list[str] = []
    for name, step in _STEPS:
        if _size(whole) <= max_bytes:
            break
        before = _size(whole)
        step(whole)
        if _size(whole) < before and name not in cuts:
            cuts.append(name)
    return whole, cuts


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))


def _drop(whole: dict[str, Any], name: str) -> None:
    whole.pop(name, None)


def _keep(whole: dict[str, Any], name: str, count: int) -> None:
    if name in whole:
        whole[name] = whole[name][:count]


def _each(whole: dict[str, Any], name: str, keys: tuple[str, ...]) -> None:
    for part in whole.get(name, []):
        for key in keys:
            part.pop(key, None)


def _only_the_core(whole: _Plain) -> None:
    """Identity, state and a short title: a kilobyte whatever the incident holds."""
    kept = ("kind", "id", "opened_at", "resolved_at", "status", "severity", "alert_count", "merged_into")
    core = {name: whole[name] for name in kept if name in whole}
    title = str(whole.get("title", ""))[:200]
    whole.clear()
    whole.update(core, title=title)


# The order in which parts are left out, with the name that the message shows for it. Counts stay.
_STEPS: tuple[tuple[str, _Step], ...] = (
    ("alerts", partial(_drop, name="alerts")),
    ("members", partial(_keep, name="members", count=20)),
    ("members", partial(_each, name="members", keys=("evidence", "notes"))),
    ("members", partial(_each, name="members", keys=("annotations",))),
    ("members", partial(_each, name="members", keys=("labels", "message", "url"))),
    ("explanation", partial(_keep, name="explanation", count=5)),
    ("similar", partial(_drop, name="similar")),
    ("members", partial(_keep, name="members", count=5)),
    ("members", partial(_drop, name="members")),
    ("entities", partial(_keep, name="entities", count=20)),
    ("services", partial(_keep, name="services", count=20)),
    ("workloads", partial(_keep, name="workloads", count=20)),
    ("playbooks", partial(_each, name="playbooks", keys=("evidence",))),
    ("causes", partial(_keep, name="causes", count=3)),
    ("causes", partial(_each, name="causes", keys=("evidence",))),
    ("rest", _only_the_core),
)
