"""The forms of guarded runs (kill switches) and of deliveries (endpoints and dead letters)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from aiops.web import bodies, deliveries, runs
from aiops.web.forms import body_of
from aiops.web.operations import ApiError, Call


def move_switch(call: Call, fields: Mapping[str, str]) -> None:
    """Engage or release a kill switch from the fields of a form."""
    if fields.get("engaged") not in ("yes", "no"):
        raise ApiError(400, f"engaged: expected yes or no; got {fields.get('engaged', '')[:40]!r}")
    given: dict[str, Any] = {name: text for name, text in fields.items() if name in bodies.MoveSwitch.__struct_fields__}
    given["engaged"] = fields["engaged"] == "yes"
    if fields.get("seen"):
        given["seen"] = _time(fields["seen"])
    runs.move_switch(_with(call, body=body_of(given, bodies.MoveSwitch)))


def _time(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ApiError(400, f"seen: expected the time of the move that was shown; got {text[:40]!r}") from None


def numbers(given: Sequence[str]) -> list[int]:
    """Return the numbers of deliveries in the values of a field, in one joined by commas."""
    found = [one for text in given for one in text.split(",") if one]
    for one in found:
        if not (one.isascii() and one.isdecimal() and len(one) < 19):
            raise ApiError(400, f"id: expected the number of a delivery; got {one[:40]!r}")
    return [int(one) for one in found]


def move(call: Call, verb: str, ids: Sequence[int]) -> int:
    """Retry or drop deliveries, all dead ones without `ids`, or undo a drop.

    Raise `ApiError` if that changes nothing.
    """
    known = {"retry": deliveries.retry, "drop": deliveries.drop, "restore": deliveries.restore}
    if verb not in known:
        raise ApiError(404, f"expected one of {', '.join(known)}; got {verb[:50]!r}")
    count = known[verb](_with(call, body=bodies.Which(list(ids) or None))).count
    if not count:
        raise ApiError(
            409, f"nothing to {verb}: no such delivery is {'dropped' if verb == 'restore' else 'dead'} any more"
        )
    return count


def enable(call: Call, fields: Mapping[str, str]) -> None:
    """Enable a disabled endpoint; refuse if it was not disabled."""
    if not deliveries.enable(_with(call, body=body_of(fields, bodies.Enable))).enabled:
        raise ApiError(409, f"{call.params['name']} is not disabled: it is notified already")


def _with(call: Call, **changes: Any) -> Call:
    return structs.replace(call, **changes)
