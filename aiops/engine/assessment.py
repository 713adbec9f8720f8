"""What the ranking stage says of an incident."""

from __future__ import annotations

from msgspec import Struct, field

from aiops.records import Cause, Evidence, Suggestion


class Assessment(Struct):
    """What the ranking stage says of an incident; `trust` is a sentence on how far to believe the causes."""

    causes: list[Cause] = field(default_factory=list)
    trust: str = ""
    playbooks: list[Suggestion] = field(default_factory=list)
    similar: list[Evidence] = field(default_factory=list)
