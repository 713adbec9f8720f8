"""The alert in hand, as the correlator compares it with clusters."""

from __future__ import annotations

from aiops.engine.correlate.state import Key, Name


class Candidate:
    """An alert to be assigned; one object is reused for all alerts.

    `number` is free for a cluster of its own. `site` is the node of the topology that it belongs to, "" for a service
    that is no node, None for neither. `is_rare`: its stream has hardly ever fired before. `rate` is that of new things
    (1/s), `is_measured` whether it rests on more than what is assumed at the start.
    """

    __slots__ = ("entity", "is_measured", "is_rare", "key", "name", "number", "rate", "site", "ts", "type")

    number: int
    ts: float
    name: Name
    type: str
    entity: str
    key: Key

    def __init__(self) -> None:
        self.site: str | None = None
        self.is_rare = self.is_measured = False
        self.rate = 0.0

    def begin(self, number: int, ts: float, name: Name, key: Key) -> None:
        """Start anew with an alert of a stream; its site and what follows from it are set where they matter."""
        self.number = number
        self.ts = ts
        self.name = name
        self.type = name[0]
        self.entity = name[1]
        self.key = key
        self.site = None
