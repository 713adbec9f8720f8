"""The outbox, the audit, dead letters and health over the API."""

from __future__ import annotations

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
    names = bodies.Endpoint.__struct_fields__[1:]
    return bodies.Endpoints([bodies.Endpoint(name, *(one[key] for key in names)) for name, one in found.items()])


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
