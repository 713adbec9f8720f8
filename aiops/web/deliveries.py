"""The outbox, the audit, dead letters and health over the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from aiops.errors import AiopsError
from aiops.store import audit
from aiops.web import bodies
from aiops.web.operations import ApiError, Call, Operation


def list_outbox(call: Call) -> bodies.Deliveries:
    """List rows of the outbox, without their bodies."""
    query: bodies.OutboxQuery = call.query
    rows = call.host.store.outbox.rows(query.state, query.limit, query.endpoint)
    names = bodies.Delivery.__struct_fields__
    return bodies.Deliveries([bodies.Delivery(**{name: getattr(row, name) for name in names}) for row in rows])


def retry(call: Call) -> bodies.Moved:
    """Make dead rows due again."""
    return bodies.Moved(call.host.store.outbox.retry_dead(call.clock(), call.body.ids, actor=call.actor or "local"))


def drop(call: Call) -> bodies.Moved:
    """Drop dead rows."""
    return bodies.Moved(call.host.store.outbox.drop(call.clock(), call.body.ids, actor=call.actor or "local"))


def list_endpoints(call: Call) -> bodies.Endpoints:
    """List the endpoints with their state."""
    found = call.host.delivery.endpoints() if call.host.delivery is not None else {}
    outbox = call.host.store.outbox
    undelivered, counts = outbox.undelivered(), outbox.counts()
    return bodies.Endpoints(
        [
            _endpoint(name, one, undelivered.get(name, 0), counts.get((name, "due"), 0), counts.get((name, "sent"), 0))
            for name, one in found.items()
        ]
    )


def _endpoint(name: str, one: Mapping[str, Any], undelivered: int, waiting: int, sent: int) -> bodies.Endpoint:
    state = (one["detail"], one["breaker"], one["disabled"], one["in_flight"], one["type"], one["fallback"])
    return bodies.Endpoint(name, one["ok"] and not undelivered, *state, undelivered, waiting, sent)


def show_delivery(call: Call) -> bodies.DeliveryDetail:
    """Return one delivery with its content."""
    text = call.params["id"]
    row = call.host.store.outbox.row(int(text)) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    if row is None:
        raise ApiError(404, f"expected the number of a delivery; got {text[:100]!r}")
    names = bodies.Delivery.__struct_fields__
    shown = call.host.delivery.shown(row) if call.host.delivery is not None else None
    try:
        news, incident = msgspec.json.decode(row.news, type=list[str]), msgspec.json.decode(row.body)
    except msgspec.DecodeError:
        # A row of another release: its state is still of use.
        news, incident = [], None
    return bodies.DeliveryDetail(bodies.Delivery(**{name: getattr(row, name) for name in names}), news, shown, incident)


def restore(call: Call) -> bodies.Moved:
    """Undo a drop: the rows wait for a person again."""
    return bodies.Moved(call.host.store.outbox.restore(call.clock(), call.body.ids or [], actor=call.actor or "local"))


def try_endpoint(call: Call) -> bodies.Tested:
    """Send a test message to an endpoint."""
    name, delivery = call.params["name"], call.host.delivery
    if delivery is None or name not in delivery.endpoints():
        raise ApiError(404, f"expected the name of an endpoint; got {name[:100]!r}")
    answer = delivery.test(name, call.actor or "local")
    return bodies.Tested(answer.ok, answer.status, answer.reason)


def enable(call: Call) -> bodies.Enabled:
    """Enable a disabled endpoint."""
    name, delivery = call.params["name"], call.host.delivery
    if delivery is None or name not in delivery.endpoints():
        raise ApiError(404, f"expected the name of an endpoint; got {name[:100]!r}")
    try:
        return bodies.Enabled(delivery.enable(name, call.actor or "local", call.body.reason))
    except AiopsError as error:
        raise ApiError(503, str(error)) from None


def list_audit(call: Call) -> bodies.AuditEntries:
    """List the entries of the audit."""
    query: bodies.AuditQuery = call.query
    reader = call.host.store.database.reader
    found = audit.entries(reader, incident=query.incident, after=query.after, limit=query.limit)
    names = bodies.AuditEntry.__struct_fields__
    return bodies.AuditEntries([bodies.AuditEntry(**{name: getattr(entry, name) for name in names}) for entry in found])


def list_letters(call: Call) -> bodies.Letters:
    """List dead letters: the source and the reason of each."""
    query: bodies.LettersQuery = call.query
    found = audit.letters(call.host.store.database.reader, before=query.before, limit=query.limit)
    return bodies.Letters([bodies.Letter(x.number, x.at, x.source, x.place, x.reason, len(x.raw)) for x in found])


def health(call: Call) -> bodies.Health:
    """Return the daemon's health in full."""
    return bodies.Health(dict(call.host.health()))


OPERATIONS = [
    Operation(
        "listOutbox",
        "GET",
        "/api/v1/outbox",
        "List deliveries",
        "read",
        list_outbox,
        bodies.Deliveries,
        None,
        bodies.OutboxQuery,
    ),
    Operation(
        "retryDead",
        "POST",
        "/api/v1/outbox/retry",
        "Retry dead deliveries",
        "write",
        retry,
        bodies.Moved,
        bodies.Which,
    ),
    Operation(
        "dropDead", "POST", "/api/v1/outbox/drop", "Drop dead deliveries", "write", drop, bodies.Moved, bodies.Which
    ),
    Operation(
        "showDelivery",
        "GET",
        "/api/v1/outbox/{id}",
        "Show a delivery with its content",
        "read",
        show_delivery,
        bodies.DeliveryDetail,
        errors=(404,),
    ),
    Operation(
        "restoreDropped",
        "POST",
        "/api/v1/outbox/restore",
        "Undo a drop: the deliveries wait for a person again",
        "write",
        restore,
        bodies.Moved,
        bodies.Which,
    ),
    Operation(
        "testEndpoint",
        "POST",
        "/api/v1/endpoints/{name}/test",
        "Send a test message to an endpoint",
        "write",
        try_endpoint,
        bodies.Tested,
        bodies.Nothing,
        errors=(404,),
    ),
    Operation("listEndpoints", "GET", "/api/v1/endpoints", "List endpoints", "read", list_endpoints, bodies.Endpoints),
    Operation(
        "enableEndpoint",
        "POST",
        "/api/v1/endpoints/{name}/enable",
        "Enable a disabled endpoint",
        "write",
        enable,
        bodies.Enabled,
        bodies.Enable,
        errors=(404, 503),
    ),
    Operation(
        "listAudit",
        "GET",
        "/api/v1/audit",
        "List decisions",
        "read",
        list_audit,
        bodies.AuditEntries,
        None,
        bodies.AuditQuery,
    ),
    Operation(
        "listDeadLetters",
        "GET",
        "/api/v1/dead-letters",
        "List dead letters",
        "read",
        list_letters,
        bodies.Letters,
        None,
        bodies.LettersQuery,
    ),
    Operation("health", "GET", "/api/v1/health", "Show health", "read", health, bodies.Health),
]
