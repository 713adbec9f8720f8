"""A trial of a connector on one recorded request: records, problems, and what the sender wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from aiops.records import Alert, Record
from aiops_connectors.mapping.builders import Problem, Sent
from aiops_connectors.mapping.mapping import load_mapping, names
from aiops_connectors.payloads.body_decoders import Mapped, payload
from aiops_connectors.payloads.prometheus_push import PrometheusPush
from aiops_connectors.workbench.recorded_request import MAX_BYTES, request


class Trial(Struct):
    """The results of one request; `sent` has an entry for each alert among the records."""

    method: str
    content_type: str
    records: Sequence[Record]
    sent: Sequence[Sent]
    problems: Sequence[Problem]


def trial(
    connector: str,
    raw: bytes,
    headers: Mapping[str, str],
    now: float,
    *,
    content_type: str | None = None,
    method: str = "",
    query: str = "",
    zone: str | None = None,
) -> Trial:
    """Apply a connector (a name, or the path of a mapping) to a file received at `now`.

    The file is a body, or a whole request with its head; what is given wins over the head. Raise `UsageError` for an
    unknown connector, and for a body that the HTTP source would refuse as a whole.
    """
    given = request(raw, {**headers, **({"content-type": content_type} if content_type else {})}, method, query)
    body, origin = given.opened()
    sent: list[Sent] = []
    is_own = connector.endswith((".yaml", ".yml"))
    if connector == "prometheus":
        taken = PrometheusPush(load_mapping("alertmanager")).take(body, given.headers, now, origin)
    elif is_own or (connector in names() and connector != "cloudevents"):
        mapping = load_mapping(connector, zone=zone)
        mapping.sent = sent
        taken = Mapped(mapping, MAX_BYTES).take(body, given.headers, now, origin)
    else:
        taken = payload(connector, None, MAX_BYTES).take(body, given.headers, now, origin)
    alerts = [record for record in taken.records if isinstance(record, Alert)]
    if len(sent) != len(alerts):
        # No mapping translated them: what is there is what was sent.
        sent = [Sent(alert.severity, alert.status) for alert in alerts]
    return Trial(given.method, given.headers.get("content-type", ""), taken.records, sent, taken.problems)


__all__ = ["Trial", "trial"]
