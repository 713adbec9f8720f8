"""Alerts as Prometheus posts them to Alertmanager (its API version 2): a list, without a status.

An alert fires until `endsAt`, which Prometheus moves on with every post: a lease. One whose end has come is resolved;
Prometheus posts it again for a quarter of an hour, which dedup takes for what it is.
Source: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml

Since the same alerts come again and again with other times, what the mapping made of the rest is remembered by its
bytes: a renewal costs a fifth of a new alert (`benchmarks/throughput/http.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping as Headers
from itertools import islice
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from aiops.errors import RecordError
from aiops.records import Alert, Record
from aiops_connectors.mapping.builders import MAX_RAW, Problem
from aiops_connectors.mapping.mapping import MAX_ITEMS, Mapping
from aiops_connectors.mapping.origin import NOWHERE, Origin
from aiops_connectors.mapping.times import parse_time
from aiops_connectors.payloads.json_body import plain

# Prometheus renews a firing alert at least every minute; Alertmanager's own default for one that names no end.
LEASE_S = 300.0
# Alerts remembered, and the longest that is: some 15 MB of usual ones, 50 MB of the longest.
MAX_KNOWN, MAX_KEY_BYTES = 8_192, 2_048
# When there is no more room, one in so many is forgotten.
FORGOTTEN = 16


class Taken(Struct):
    """The records of a body, and what in it is none."""

    records: list[Record]
    problems: list[Problem]


class _Item(Struct, rename={"starts_at": "startsAt", "ends_at": "endsAt", "generator_url": "generatorURL"}, gc=False):
    labels: Raw
    annotations: Raw = Raw(b"{}")
    starts_at: str | None = None
    ends_at: str | None = None
    generator_url: str | None = None


_ITEMS = msgspec.json.Decoder(list[_Item])


class PrometheusPush:
    """Takes what Prometheus posts, through the mapping of Alertmanager's alerts. Safe for many threads."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._known: dict[tuple[bytes, bytes, str | None], Alert] = {}
        self._lock = threading.Lock()

    def take(self, body: bytes, headers: Headers[str, str], now: float, origin: Origin = NOWHERE) -> Taken:
        """See `Payload.take`."""
        try:
            items = _ITEMS.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self.take_any(body, headers, now)
        if len(items) > MAX_ITEMS:
            return self.take_any(body, headers, now)
        taken = Taken([], [])
        for index, item in enumerate(items):
            self._one(item, index, now, taken)
        return taken

    def take_any(self, body: bytes, headers: Headers[str, str], now: float) -> Taken:
        """As `take`, for bodies of which something does not fit: nothing is remembered."""
        problems: list[Problem] = []
        try:
            items = plain(body, problems)
        except RecordError as error:
            return Taken([], [Problem("$", str(error), body[:MAX_RAW])])
        if not isinstance(items, list):
            return Taken([], [Problem("$", "expected a list of alerts", body[:MAX_RAW])])
        for item in items[:MAX_ITEMS]:
            if type(item) is dict:
                end = parse_time(item.get("endsAt"))
                # Prometheus has none; what it posts is one thing by its labels, whichever way it is read.
                item.pop("fingerprint", None)
                item["status"] = "resolved" if end is not None and end <= now else "firing"
                if end is None:
                    item["endsAt"] = now + LEASE_S
        records, flaws = self._mapping.apply(items, headers, None, now)
        return Taken(list(records), [*problems, *flaws])

    def _one(self, item: _Item, index: int, now: float, taken: Taken) -> None:
        key = (bytes(item.labels), bytes(item.annotations), item.generator_url)
        known = self._known.get(key) or self._learn(key, index, now, taken)
        if known is None:
            return
        start, end = parse_time(item.starts_at), parse_time(item.ends_at)
        is_over = end is not None and end <= now
        if start is not None and start > now:
            # As a mapping does: nothing starts after it was reported.
            start = now
        taken.records.append(
            Alert(
                ts=end if is_over and end is not None else now,
                name=known.name,
                source=known.source,
                key=known.key,
                severity=known.severity,
                status="resolved" if is_over else "firing",
                service=known.service,
                entity=known.entity,
                message=known.message,
                labels=dict(known.labels),
                annotations=known.annotations,
                starts_at=None if is_over and start == end else start,
                ends_at=now + LEASE_S if end is None else end,
                url=known.url,
            )
        )

    def _learn(self, key: tuple[bytes, bytes, str | None], index: int, now: float, taken: Taken) -> Alert | None:
        """Return the mapping's result without the times; None, with the problem reported, if it is no alert."""
        item: dict[str, Any] = {"generatorURL": key[2], "status": "firing"}
        try:
            item["labels"] = plain(key[0], [])
            item["annotations"] = _annotations(key[1])
        except RecordError as error:
            taken.problems.append(Problem(f"$[{index}]", f"expected an alert: {error}", key[0][:MAX_RAW]))
            return None
        records, problems = self._mapping.apply(item, {}, None, now)
        place = f"$[{index}]"
        taken.problems += [replace(one, place=place + one.place.removeprefix("$")) for one in problems]
        alert = records[0] if records else None
        if not isinstance(alert, Alert):
            return None
        if len(key[0]) + len(key[1]) + len(key[2] or "") <= MAX_KEY_BYTES:
            with self._lock:
                self._known[key] = alert
                if len(self._known) > MAX_KNOWN:
                    # Those that were learned first: with more alerts than room, none is better than another. Many at a
                    # time, since a dict whose first is taken away again and again is walked further and further.
                    for first in list(islice(self._known, MAX_KNOWN // FORGOTTEN + 1)):
                        del self._known[first]
        return alert


def _annotations(raw: bytes) -> Any:
    """Annotations are text for people: an alert is worth more than theirs."""
    try:
        return plain(raw, [])
    except RecordError:
        return {}


__all__ = ["LEASE_S", "MAX_KNOWN", "PrometheusPush", "Taken"]
