"""The alert in hand, as the correlator compares it with clusters."""

from __future__ import annotations

from aiops.engine.correlate.state import Entry, Key, Name


class Candidate:
    """An alert to be assigned; one object is reused for all alerts.

    `number` is free for a cluster of its own. `site` is the node of the topology that it belongs to, "" for a service
    that is no node, None for neither. `is_rare`: its stream has hardly ever fired before. `answers` are those of its
    type (`Cooccurrence.answers_of`), `distances` those from its site (`Hops.distances`).
    `rate` is that of all new things (1/s), `trust` what a young cluster is worth and `tail` the exponent of silences
    (see `Onsets`), `elapsed_s` the time that was seen; `is_measured`: it is more than what is assumed at the start.
    `pattern` is the entry of its stream in a pattern that has returned, `elsewhere` what
    it means for all other clusters that it is due there.
    """

    __slots__ = (
        "answers",
        "distances",
        "elapsed_s",
        "elsewhere",
        "entity",
        "is_measured",
        "is_rare",
        "key",
        "name",
        "number",
        "pattern",
        "rate",
        "site",
        "tail",
        "trust",
        "ts",
        "type",
        "workload",
    )

    number: int
    ts: float
    name: Name
    type: str
    entity: str
    workload: str
    key: Key

    def __init__(self) -> None:
        self.site: str | None = None
        self.is_rare = self.is_measured = False
        self.rate = self.elapsed_s = self.elsewhere = 0.0
        self.pattern: Entry | None = None
        self.trust = self.tail = 1.0
        self.answers: dict[str, float] = {}
        self.distances: dict[str, int] | None = None

    def begin(self, number: int, ts: float, entity: str, name: Name, key: Key) -> None:
        """Start anew with an alert of a stream; its site and what follows from it are set where they matter."""
        self.number = number
        self.ts = ts
        self.name = name
        self.type = name[0]
        self.workload = name[1]
        self.entity = entity
        self.key = key
        self.site = None
        self.pattern, self.elsewhere = None, 0.0
