"""Count the notifications that people would have received, by the policy over an outbox in memory.

The policy and the outbox are those of the daemon; time passes with the changes of incidents, and each message is
delivered when it is due. Messages that call a person are pages: openings, reopenings, updates and reminders. An end,
a quiet return, a merge or an acknowledgement calls nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from msgspec import Struct, structs

from aiops.config import EndpointConfig
from aiops.engine.events import IncidentChanged
from aiops.notify.policy import EndpointPolicy
from aiops.notify.routes import Routes
from aiops.records import LABELS, parse_severity
from aiops.store import incidents
from aiops.store.memory import MemoryDatabase
from aiops.store.outbox import OutboxTable, Row
from aiops.store.outbox_transaction import OutboxTransaction
from aiops.store.reminders import remind
from aiops.verdict.sentence import title_of

# Changes that call a person. The daemon sends the others too, to receivers that show a state.
CALLING = ("opened", "reopened", "updated")
REMINDER = "reminder"
# Rows claimed at once; a loop claims the rest.
_CLAIMED = 100
# Open incidents are searched for so many times an interval: a reminder is late by a tenth of it at most.
_SEARCHES = 10


class Page(Struct, frozen=True):
    """A message that would have called a person. `at` is the time it is due, in Unix seconds."""

    at: float
    endpoint: str
    change: str
    incident: str
    severity: str
    title: str


class Pager:
    """Takes the changes of incidents in order; `pages` are the messages so far.

    Call `stop` when the input ends: reminders need time to pass, and after the last record none does.
    """

    def __init__(self, endpoints: Sequence[EndpointConfig], routes: Routes | None = None) -> None:
        """Without `routes` each endpoint gets every incident of its severity."""
        self.pages: list[Page] = []
        self._database = MemoryDatabase()
        self._outbox = OutboxTable(self._database)
        routes = routes or Routes(endpoints)
        self._policy = EndpointPolicy(endpoints, routes=routes)
        self._names = [endpoint.name for endpoint in endpoints]
        self._reminding = [endpoint for endpoint in endpoints if endpoint.name in routes.reminds]
        self._every_s = min([*routes.repeats_s, float("inf")])
        self._titles: dict[str, str] = {}
        self._now = 0.0

    def watch(self, event: IncidentChanged) -> None:
        """Deliver what is due until this change, then add its messages."""
        self._pass(event.at)
        self._titles[event.incident.id] = title_of(event.incident)
        with self._database.transaction() as connection:
            found = self._policy.entries(OutboxTransaction(self._outbox, connection), event, event.at)
            # The body is what the receiver shows; a count needs none of it.
            self._outbox.add(connection, [structs.replace(entry, body=b"{}") for entry in found], event.at)
            if self._reminding:
                incidents.upsert(connection, event, 0, event.at)

    def stop(self, now: float) -> None:
        """End the reminders at the time of the last record."""
        self._pass(now)
        self._reminding = []

    def finish(self) -> None:
        """Deliver all that waits, and close."""
        self._deliver(float("inf"))
        self._database.close()

    def counts(self) -> dict[str, int]:
        """Count the pages by change."""
        return dict(Counter(page.change for page in self.pages))

    def _pass(self, now: float) -> None:
        """Let time pass; a reminder is due a whole interval after the message before it."""
        if self._reminding:
            step = self._every_s / _SEARCHES
            while self._now + step < now and self._remind(self._now + step):
                self._now += step
        self._deliver(now)
        if self._reminding:
            self._remind(now)
            self._deliver(now)
        self._now = max(self._now, now)

    def _remind(self, now: float) -> bool:
        """Add reminders that are due; return True if any incident could still need one."""
        self._deliver(now)
        for endpoint in self._reminding:
            least = int(parse_severity(endpoint.min_severity))
            since = now - endpoint.repeat_interval_s if endpoint.repeat_interval_s > 0 else -1.0
            while remind(self._database, endpoint.name, least, since, now, partial(self._may_remind, now)):
                self._deliver(now)
        open_ones = "select 1 from incidents where status = 'open' limit 1"
        return self._database.reader.execute(open_ones).fetchone() is not None

    def _may_remind(self, now: float, plan: bytes | None) -> bool:
        return self._policy.may_remind(plan, now)

    def _deliver(self, now: float) -> None:
        while rows := self._outbox.claim(now, _CLAIMED, self._names):
            for row in rows:
                self._note(row)
                self._outbox.sent([row.id], max(row.due_at, row.at))

    def _note(self, row: Row) -> None:
        if row.change not in CALLING and not row.repeats:
            return
        severity = self._database.reader.execute("select severity from outbox where id = ?", (row.id,)).fetchone()[0]
        change = REMINDER if row.repeats else row.change
        self.pages.append(
            Page(row.due_at, row.endpoint, change, row.incident, LABELS[severity], self._titles.get(row.incident, ""))
        )
