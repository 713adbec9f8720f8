"""The result of the ranking stage for an incident."""

from __future__ import annotations

from msgspec import Struct, field

from aiops.records import Cause, Evidence, Suggestion


class Assessment(Struct):
    """The result of the ranking stage for an incident.

    `trust` is a sentence about the reliability of the causes.
    """

    causes: list[Cause] = field(default_factory=list)
    trust: str = ""
    playbooks: list[Suggestion] = field(default_factory=list)
    similar: list[Evidence] = field(default_factory=list)
