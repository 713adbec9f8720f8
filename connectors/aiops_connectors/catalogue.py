"""The results of the shipped connectors for payloads, for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aiops.records import Record
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.draft import Draft, draft
from aiops_connectors.mapping.mapping import MappingFile, load_mapping, names
from aiops_connectors.mapping.samples import check_hostile, check_samples
from aiops_connectors.payloads.body_decoders import payload
from aiops_connectors.payloads.prometheus_push import PrometheusPush

_OWN = {
    "archive": "Archive records: one object, a list, JSON Lines, or CloudEvents that hold them.",
    "prometheus": "Alerts as Prometheus posts them to Alertmanager (POST /api/v2/alerts).",
}
# What one payload on the command line may be: as large as the HTTP source takes.
MAX_BYTES = 32 << 20


class Connector(Struct):
    """A kind of payload that can be taken."""

    name: str
    summary: str
    documentation: str | None = None
    mapping: bool = True


class Catalogue:
    """The shipped connectors; an own mapping is named by its path."""

    def connectors(self) -> list[Connector]:
        """All that are shipped, by name."""
        mappings = [load_mapping(name) for name in names()]
        found = [Connector(mapping.name, mapping.summary, mapping.documentation) for mapping in mappings]
        return sorted(
            [*found, *(Connector(name, text, mapping=False) for name, text in _OWN.items())], key=lambda one: one.name
        )

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a mapping file."""
        return msgspec.json.schema(MappingFile)

    def check(self, mapping: str | Path, samples: Path) -> list[str]:
        """Return the faults of a mapping with its samples, and with payloads of no tool; raise `UsageError`."""
        return check_samples(mapping, samples) + check_hostile(mapping)

    def draft(self, name: str, payloads: Sequence[Any]) -> Draft:
        """Return a first mapping for sample payloads; raise `UsageError` if no alert is found in them."""
        return draft(name, payloads)

    def take(
        self, connector: str, body: bytes, headers: Mapping[str, str], now: float
    ) -> tuple[list[Record], list[Problem]]:
        """Apply a connector (a name, or the path of a mapping) to a body received at `now` (Unix seconds).

        Raise `UsageError` for an unknown connector.
        """
        if connector == "prometheus":
            taken = PrometheusPush(load_mapping("alertmanager")).take(body, headers, now)
        else:
            own = connector if connector.endswith((".yaml", ".yml")) else None
            taken = payload(connector, own, MAX_BYTES).take(body, headers, now)
        return taken.records, taken.problems
