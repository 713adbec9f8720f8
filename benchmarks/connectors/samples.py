"""The recorded payloads with their expected values: `tool-payloads/index.json` under the data folder.

A payload is what the tool sends: a JSON body, a form, a text, or for GET the whole head of the request.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aiops.records import Record

FOLDER = "tool-payloads"
# The time of receipt: 2026-03-20, some days after the times in the payloads.
NOW = 1_774_000_000.0


class Transport(Struct, forbid_unknown_fields=False):
    """The request that brings a payload."""

    method: str = "POST"
    content_type: str | None = None
    headers: dict[str, str] = {}


class Expected(Struct, forbid_unknown_fields=False, kw_only=True):
    """One expected record; None means that the payload does not state it."""

    kind: str = "alert"
    status: str | None = None
    severity: str | None = None
    name: str | None = None
    entity: str | None = None
    service: str | None = None
    time: str | None = None
    key: list[str] | str | None = None
    url: str | None = None
    status_alternatives: list[str | None] = []
    severity_alternatives: list[str | None] = []
    name_alternatives: list[str] = []
    entity_alternatives: list[str | None] = []
    service_alternatives: list[str | None] = []
    time_alternatives: list[str] = []
    kind_alternatives: list[str] = []


class Sample(Struct, forbid_unknown_fields=False):
    """One payload of one tool."""

    tool: str
    file: str
    state: str
    transport: Transport
    expected: Expected | list[Expected]

    def wanted(self) -> list[Expected]:
        """Return the expected records."""
        return self.expected if isinstance(self.expected, list) else [self.expected]


class _Index(Struct, forbid_unknown_fields=False):
    samples: list[Sample]


def read(root: Path) -> list[Sample]:
    """Return all samples of the index; a text about a format (`doc`) is none."""
    found = msgspec.json.decode((root / FOLDER / "index.json").read_bytes(), type=_Index).samples
    return [sample for sample in found if any(one.kind != "doc" for one in sample.wanted())]


class Got(Struct):
    """The records and problems that a connector made of a payload, or the reason that there are none."""

    records: list[Record]
    problems: list[Any]
    failed: str = ""
