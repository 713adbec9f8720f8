"""The results of the shipped connectors for payloads, for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aiops.records import Record
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.mapping import MappingFile, load_mapping, names
from aiops_connectors.payloads.body_decoders import payload
from aiops_connectors.payloads.prometheus_push import PrometheusPush
from aiops_connectors.setups.render import Rendered, render
from aiops_connectors.setups.setup import setup_of
from aiops_connectors.workbench.draft import Draft, draft_of_files
from aiops_connectors.workbench.recorded_request import MAX_BYTES, Request
from aiops_connectors.workbench.samples import check_hostile, check_samples
from aiops_connectors.workbench.trial import Trial, trial

_OWN = {
    "archive": "Archive records: one object, a list, JSON Lines, or CloudEvents that hold them.",
    "prometheus": "Alerts as Prometheus posts them to Alertmanager (POST /api/v2/alerts).",
}


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

    def setup(
        self, connector: str, base: str, *, own: Mapping[str, Any], has_tokens: bool, by: str | None = None
    ) -> Rendered:
        """Return the entries for a tool and the daemon at `base`; raise `UsageError` for an unknown tool."""
        return render(setup_of(connector, own), connector, base, own=own, has_tokens=has_tokens, by=by)

    def check(self, mapping: str | Path, samples: Path) -> list[str]:
        """Return the faults of a mapping with its samples, and with payloads of no tool; raise `UsageError`."""
        return check_samples(mapping, samples) + check_hostile(mapping)

    def draft(self, name: str, files: Sequence[bytes]) -> Draft:
        """Return a first mapping for recorded requests; raise `UsageError` if no alert is found in them."""
        return draft_of_files(name, files)

    def trial(
        self,
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
        """Apply a connector to a file that holds a body, or a whole request with its head; see `trial`."""
        return trial(connector, raw, headers, now, content_type=content_type, method=method, query=query, zone=zone)

    def take(
        self,
        connector: str,
        body: bytes,
        headers: Mapping[str, str],
        now: float,
        *,
        content_type: str | None = None,
        method: str = "POST",
        query: str = "",
    ) -> tuple[list[Record], list[Problem]]:
        """Apply a connector (a name, or the path of a mapping) to a body received at `now` (Unix seconds).

        `headers` have lower-case names; `content_type` replaces theirs. `query` is what follows the `?` of the URL.
        Raise `UsageError` for an unknown connector, and for a body that the HTTP source would refuse as a whole.
        """
        if content_type is not None:
            headers = {**headers, "content-type": content_type}
        body, origin = Request(body, dict(headers), method, query).opened()
        if connector == "prometheus":
            taken = PrometheusPush(load_mapping("alertmanager")).take(body, headers, now, origin)
        else:
            own = connector if connector.endswith((".yaml", ".yml")) else None
            taken = payload(connector, own, MAX_BYTES).take(body, headers, now, origin)
        return taken.records, taken.problems
