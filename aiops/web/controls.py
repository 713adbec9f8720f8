"""The pages of guarded runs (kill switches) and of deliveries (endpoints and dead letters)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from aiops.web import bodies, deliveries, runs
from aiops.web.forms import body_of
from aiops.web.operations import ApiError, Call

MAX_RUNS = 100
MAX_DEAD = 100


class RunsPage(Struct):
    """The content of the page of runs; `problem` explains why nothing can be run."""

    problem: str = ""
    switches: dict[str, bool] = {}
    runs: list[Any] = []


class DeliveriesPage(Struct):
    """The content of the page of deliveries."""

    endpoints: list[bodies.Endpoint]
    dead: list[bodies.Delivery]


def runs_page(call: Call) -> RunsPage:
    """Return the kill switches and the last runs."""
    try:
        switches = runs.list_switches(call).switches
        return RunsPage("", switches, runs.list_runs(_with(call, query=bodies.RunsQuery(MAX_RUNS))).runs)
    except ApiError as error:
        return RunsPage(error.reason)


def move_switch(call: Call, fields: Mapping[str, str]) -> None:
    """Engage or release a kill switch from the fields of a form."""
    if fields.get("engaged") not in ("yes", "no"):
        raise ApiError(400, f"engaged: expected yes or no; got {fields.get('engaged', '')[:40]!r}")
    runs.move_switch(_with(call, body=body_of({**fields, "engaged": fields["engaged"] == "yes"}, bodies.MoveSwitch)))


def deliveries_page(call: Call) -> DeliveriesPage:
    """Return the endpoints, and the notifications that are dead letters."""
    dead = deliveries.list_outbox(_with(call, query=bodies.OutboxQuery("dead", limit=MAX_DEAD))).deliveries
    return DeliveriesPage(deliveries.list_endpoints(call).endpoints, dead)


def move_dead(call: Call, verb: str, fields: Mapping[str, str]) -> None:
    """Retry or drop one delivery (the field `id`), or all dead ones; refuse if that changes nothing."""
    known = {"retry": deliveries.retry, "drop": deliveries.drop}
    if verb not in known:
        raise ApiError(404, f"expected one of {', '.join(known)}; got {verb[:50]!r}")
    given = fields.get("id", "")
    if given and not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise ApiError(400, f"id: expected the number of a delivery; got {given[:40]!r}")
    if not known[verb](_with(call, body=bodies.Which([int(given)] if given else None))).count:
        raise ApiError(409, f"nothing to {verb}: no such delivery is dead any more")


def enable(call: Call, fields: Mapping[str, str]) -> None:
    """Enable a disabled endpoint; refuse if it was not disabled."""
    if not deliveries.enable(_with(call, body=body_of(fields, bodies.Enable))).enabled:
        raise ApiError(409, f"{call.params['name']} is not disabled: it is notified already")


def _with(call: Call, **changes: Any) -> Call:
    return structs.replace(call, **changes)
