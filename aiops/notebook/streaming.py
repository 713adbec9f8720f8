"""The class `aiops.Engine`: the engine of the daemon, fed by a program record by record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from aiops.app.engine import build_engine
from aiops.archive import Rejections
from aiops.engine.events import Event, IncidentChanged, Placed
from aiops.errors import UsageError
from aiops.notebook import html
from aiops.notebook.replaying import Graph, configured, graph_of
from aiops.notebook.sources import Path, Source, Time, input_of, seconds_of
from aiops.notebook.timeline import most_severe, suspect_of
from aiops.records import Incident, Logged, Tick
from aiops.wording import plural

# Time passes in strides, as it does in the daemon: what ends because something else has ended needs a later tick, and
# one tick ends a bounded number. Longer strides where there would be more: an idle one costs some microseconds.
_STRIDE_S = 60.0
_MAX_STRIDES = 10_000
# Open incidents that a notebook shows.
MAX_SHOWN = 10


class Changes:
    """Decisions of one call: all `events`, and of these the placed alerts and the incidents that changed.

    Iterating gives the changes of incidents: `change` (opened, updated, merged, resolved, reopened or acknowledged),
    `incident`, and `what` of it changed.
    """

    def __init__(self, events: list[Event]) -> None:
        self.events = events

    @property
    def placed(self) -> list[Placed]:
        """Disposition, cluster, incident and reason of each alert.

        >>> placed = Engine().process({"ts": 0, "name": "DiskFull", "severity": "info"}).placed
        >>> [(one.disposition, one.reason) for one in placed]
        [('background', 'severity info is below warning')]
        """
        return [event for event in self.events if isinstance(event, Placed)]

    @property
    def incidents(self) -> list[Incident]:
        """The incidents that changed, each as it is after its last change, in the order of their first change.

        >>> changes = Engine().process({"ts": 0, "name": "DiskFull", "severity": "critical", "entity": "db-1"})
        >>> [incident.title for incident in changes.incidents]
        ['DiskFull on db-1']
        """
        return list({change.incident.id: change.incident for change in self}.values())

    def __iter__(self) -> Iterator[IncidentChanged]:
        return (event for event in self.events if isinstance(event, IncidentChanged))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        changed = "; ".join(f"{change.change} {change.incident.id}" for change in list(self)[:MAX_SHOWN])
        return f"<aiops.Changes: {plural(len(self.placed), 'alert')} placed, {changed or 'no incident changed'}>"


class Engine:
    """An engine to feed by hand: alerts in, incidents out, with the state in between.

    `topology`, `settings` and `config` are those of `aiops.replay`. The engine has no clock: time passes with the
    records and with `advance`. It decides what the daemon decides on the same records.

    >>> engine = Engine(settings={"incidents.lone_warning_s": 0})
    >>> for change in engine.process({"ts": 0, "name": "DiskFull", "entity": "db-1"}):
    ...     print(change.change, change.incident.title)
    opened DiskFull on db-1
    """

    def __init__(
        self,
        topology: Graph | None = None,
        settings: Mapping[str, Any] | None = None,
        config: Path | None = None,
    ) -> None:
        loaded = configured(config, settings)
        self._engine = build_engine(loaded, graph_of(topology, loaded))
        # The time of the last `advance`; before the first one the records alone carry the time.
        self._clock: float | None = None

    def process(self, records: Source) -> Changes:
        """Process one record or several, in their order; return what changed.

        Takes what `aiops.replay` takes: an `aiops.Alert` (or another record), a mapping of its fields, several of them,
        a frame, or the path of an archive. Raise `UsageError` for one that is no record; those before it were
        processed.

        >>> import aiops
        >>> engine = Engine()
        >>> engine.process(aiops.Alert(ts=0.0, name="DiskFull", severity="critical", entity="db-1"))
        <aiops.Changes: 1 alert placed, opened inc-f36edbe35413>
        >>> engine.process({"ts": 30, "name": "DiskFull", "severity": "critical", "entity": "db-1"}).placed[0].reason
        'repeat of the firing alert'
        """
        events: list[Event] = []
        for record in input_of(records).read(Rejections(), strict=True):
            events += self._engine.step(self._with_clock(record))
        return Changes(events)

    def _with_clock(self, record: Logged) -> list[Logged]:
        """The record, behind a tick where it is later than the clock; it would count as early else."""
        at = record.opened_at if isinstance(record, Incident) else record.ts
        if self._clock is None or at is None or at <= self._clock:
            return [record]
        self._clock = at
        return [Tick(ts=at, passes=False), record]

    def advance(self, to: Time) -> Changes:
        """Let time pass to a time (Unix seconds, RFC 3339, or a datetime); return what changed.

        Streams that have been silent for long enough and quiet incidents end. Time does not go back.

        >>> import aiops
        >>> engine = Engine()
        >>> alert = aiops.Alert(ts=0.0, name="DiskFull", severity="critical", entity="db-1")
        >>> changes = engine.process(alert)
        >>> [change.change for change in engine.advance(to=2 * 86_400)]
        ['updated', 'resolved']
        """
        at = seconds_of(to)
        now = self.now
        if now is not None and at < now:
            raise UsageError(f"advance: time does not go back (got {at:g}, before {now:g}); pass a later time")
        self._clock = at
        start = at if now is None else now
        count = max(1, min(_MAX_STRIDES, ceil((at - start) / _STRIDE_S)))
        times = [start + (at - start) * place / count for place in range(1, count)]
        return Changes(self._engine.step([Tick(ts=time) for time in [*times, at]]))

    @property
    def now(self) -> float | None:
        """The engine's time in Unix seconds; None before the first record.

        >>> engine = Engine()
        >>> changes = engine.process({"ts": 60, "name": "DiskFull"})
        >>> engine.now
        60.0
        """
        now = self._engine.timeline.now
        return now if now >= 0 else None

    @property
    def incidents(self) -> list[Incident]:
        """The incidents as they are now, by opening time: open ones, and ended ones that are still remembered.

        >>> engine = Engine()
        >>> changes = engine.process({"ts": 0, "name": "DiskFull", "severity": "critical", "entity": "db-1"})
        >>> [(incident.title, incident.status) for incident in engine.incidents]
        [('DiskFull on db-1', 'open')]
        """
        found = [present[0] for name in self._engine.incidents.by_id if (present := self._engine.present(name))]
        return sorted(found, key=lambda incident: (incident.opened_at or 0.0, incident.id))

    def incident(self, id: str) -> Incident:
        """Return an incident as it is now; raise `UsageError` for one that is not remembered.

        >>> Engine().incident("inc-0")
        Traceback (most recent call last):
            ...
        aiops.errors.UsageError: incident: unknown id (got 'inc-0'); use one of .incidents
        """
        present = self._engine.present(id)
        if present is None:
            raise UsageError(f"incident: unknown id (got {id!r}); use one of .incidents")
        return present[0]

    def snapshot(self) -> bytes:
        """Return the whole state; an engine that restores it continues as this one would.

        >>> engine = Engine()
        >>> changes = engine.process({"ts": 0, "name": "DiskFull", "severity": "critical", "entity": "db-1"})
        >>> other = Engine()
        >>> other.restore(engine.snapshot())
        >>> other.incidents == engine.incidents
        True
        """
        return self._engine.snapshot()

    def restore(self, snapshot: bytes) -> None:
        """Take over the state of a snapshot of an engine with the same topology and settings.

        Raise `UsageError` for bytes that are no snapshot of this version; the engine is of no use then.

        >>> Engine().restore(b"")
        Traceback (most recent call last):
            ...
        aiops.errors.UsageError: damaged snapshot...
        """
        self._engine.restore(snapshot)
        tick = self._engine.timeline.tick
        self._clock = tick if tick >= 0 else None

    def __repr__(self) -> str:
        return f"<aiops.Engine: {self._summary()}>"

    def _summary(self) -> str:
        accounts = self._engine.accounts()
        return (
            f"{plural(accounts['records']['alert'], 'alert')} processed, "
            f"{plural(accounts['open_incidents'], 'open incident')}"
        )

    def _repr_html_(self) -> str:
        shown = [one for one in self.incidents if one.status != "resolved"]
        rows: list[list[html.Cell]] = [
            [html.Level(one.severity or "warning"), one.title, one.status, suspect_of(one), one.id]
            for one in most_severe(shown, MAX_SHOWN)
        ]
        more = [f"The {MAX_SHOWN} most severe of {len(shown):,} open incidents."] if len(shown) > MAX_SHOWN else []
        return html.view(self._summary(), more, ["severity", "incident", "status", "suspect", "id"], rows)
