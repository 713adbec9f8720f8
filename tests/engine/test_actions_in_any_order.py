"""Alerts, actions of people and their undoing in any order: nothing is lost, nobody is paged twice.

After each step the counts agree with the streams. At the end a fresh engine with other batches, and one that restarted
in the middle, have decided the same. A ledger of the events knows the incident of every alert.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from aiops.backtest.ledger import Ledger
from aiops.config import EndpointConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Event, Feedback, IncidentChanged, Placed
from aiops.notify.policy import EndpointPolicy
from aiops.records import Action, Alert, Record, Tick
from aiops.store.store import FrameDecisions, Store

T = 1_772_400_000.0
NAMES, ENTITIES = ("Errors", "Latency", "Disk", "Locks", "Swap"), ("shop", "db", "cart", "queue")
# Those that move alerts, and their undoing, more often than others.
VERBS = (
    "acknowledge", "assign", "snooze", "unsnooze", "resolve", "reopen", "note", "confirm_grouping", "forget_lessons",
    *3 * ("merge", "split", "undo"),
)  # fmt: skip
QUICK = {"critical": 0.0, "high": 0.0, "warning": 0.0, "info": 0.0, "ok": 0.0}


class Work(RuleBasedStateMachine):
    """An engine, its store with one endpoint that gets everything at once, and people."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        endpoint = EndpointConfig("pager", "webhook", min_severity="info", settle_s=QUICK, update_every_s=0.0)
        self.store = Store(Path(self.directory.name), EndpointPolicy([endpoint]))
        self.engine = Engine()
        self.records: list[Record] = []
        self.events: list[Event] = []
        self.middle: tuple[int, bytes] | None = None
        self.now = T
        self.rings_by_people = 0

    def fold(self, record: Record) -> list[Event]:
        self.records.append(record)
        events = self.engine.step([record])
        self.events += events
        before = self.rings()
        self.store.apply([FrameDecisions(len(self.records), self.now, events)])
        if isinstance(record, Action):
            self.rings_by_people += self.rings() - before
        return events

    def rings(self) -> int:
        found = self.store.database.reader.execute("select count(*) from outbox where change in ('opened', 'reopened')")
        return int(found.fetchone()[0])

    @initialize()
    def begin(self) -> None:
        """Three incidents of two or three streams each, which fire until they send their end."""
        for entity, names in (("shop", NAMES[:3]), ("db", NAMES[2:]), ("cart", NAMES[:2])):
            self.now += 400.0
            for name in names:
                self.alert(name, entity, "high", ends=False, after=1.0)

    def incidents(self) -> list[str]:
        """Incidents that a person may name: those that are remembered, open ones first, and those that were merged."""
        known = self.engine.incidents.by_id.values()
        merged = [name for one in known for name in one.merged_from]
        return [one.id for one in sorted(known, key=lambda one: one.status == "resolved")] + merged

    @rule(
        name=st.sampled_from(NAMES),
        entity=st.sampled_from(ENTITIES),
        severity=st.sampled_from(("warning", "high", "critical")),
        ends=st.sampled_from((False, False, False, True)),
        after=st.sampled_from((0.5, 1.0, 30.0, 200.0)),
    )
    def alert(self, name: str, entity: str, severity: str, ends: bool, after: float) -> None:
        self.now += after
        self.fold(
            Alert(
                ts=self.now,
                name=name,
                entity=entity,
                service=entity,
                severity=severity,
                status="resolved" if ends else "firing",
                starts_at=T,
                id=f"a-{len(self.records)}",
            )
        )

    @rule(after=st.sampled_from((1.0, 60.0, 700.0)))
    def wait(self, after: float) -> None:
        self.now += after
        self.fold(Tick(ts=self.now))

    @rule(verb=st.sampled_from(VERBS), first=st.integers(0, 5), second=st.integers(0, 5), some=st.integers(1, 3))
    def act(self, verb: str, first: int, second: int, some: int) -> None:
        known = self.incidents()
        self.wait(1.0)
        incident, other = known[first % len(known)], known[second % len(known)]
        shown = self.engine.incidents.find(incident)
        cluster = self.engine.clusters.of(shown.cluster) if shown is not None else None
        members = list(cluster.members.values()) if cluster is not None else []
        args = {
            "merge": {"into": other},
            "split": {"alerts": ",".join(one.fingerprint for one in members[:some])},
            "assign": {"to": "bob" if some % 2 else ""},
            "snooze": {"until": repr(self.now + 600.0 * some)},
            "confirm_grouping": {"wrong": ",".join(one.fingerprint for one in members[: some - 1])},
            "forget_lessons": {"by": "alice"},
            "note": {"text": "looking", "notify": "no"},
        }.get(verb, {})
        record = Action(
            ts=self.now, verb=verb, incident=incident, args=args, id=f"act-{len(self.records)}", actor="alice"
        )
        events = self.fold(record)
        [feedback] = [event for event in events if isinstance(event, Feedback)]
        if not feedback.applied:
            assert not [event for event in events if isinstance(event, IncidentChanged)]

    @rule()
    def restart(self) -> None:
        snapshot = self.engine.snapshot()
        if self.middle is None:
            self.middle = (len(self.events), snapshot)
        again = Engine()
        again.restore_parts(self.engine.snapshot_parts())
        assert again.snapshot() == snapshot
        self.engine = again

    @invariant()
    def counts_agree_with_streams(self) -> None:
        engine = self.engine
        assert engine.accounts()["conserved"]
        firing: dict[int, int] = {}
        for stream in engine.dedup.streams.values():
            if stream.counted:
                home = engine.clusters.home(stream)
                assert home is not None, "a firing stream has a home"
                firing[home.number] = firing.get(home.number, 0) + 1
        for number, cluster in engine.clusters.by_number.items():
            assert cluster.firing == firing.get(number, 0)
            assert cluster.count == sum(member.count for member in cluster.members.values())
            assert cluster.incident is None or engine.incidents.by_id[cluster.incident].cluster == number
        open_ones = [one for one in engine.incidents.by_id.values() if one.status != "resolved"]
        assert engine.incidents.open_count == len(open_ones)
        for one in open_ones:
            assert engine.clusters.by_number[one.cluster].members, "an open incident has alerts"

    @invariant()
    def people_page_nobody(self) -> None:
        assert self.rings_by_people == 0

    def teardown(self) -> None:
        try:
            self.everything_repeats()
            self.a_ledger_knows_every_alert()
        finally:
            self.store.close()
            self.directory.cleanup()

    def everything_repeats(self) -> None:
        again = Engine()
        events: list[Event] = []
        for start in range(0, len(self.records), 7):
            events += again.step(self.records[start : start + 7])
        assert events == self.events
        assert again.snapshot() == self.engine.snapshot()
        if self.middle is not None:
            seen, snapshot = self.middle
            late = Engine()
            late.restore(snapshot)
            assert late.step(self.records[late.seq :]) == self.events[seen:]

    def a_ledger_knows_every_alert(self) -> None:
        ledger, clusters = Ledger(), self.engine.clusters
        alerts = range(len(self.records))
        ledger.take(self.events, frozenset(n for n in alerts if isinstance(self.records[n], Alert)))
        final, incidents = ledger.final_clusters(), ledger.final_incidents()
        placed = [event for event in self.events if isinstance(event, Placed)]
        for event, cluster in zip(placed, final, strict=True):
            home = clusters.of(clusters.moved.get(event.member, event.cluster))
            if home is not None and home.incident is not None:
                assert incidents.get(cluster) == home.incident, event


Work.TestCase.settings = settings(
    max_examples=15, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestWork = Work.TestCase
