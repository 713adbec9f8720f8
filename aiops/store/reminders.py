"""Reminders: incidents that stay open are sent again, each as a delivery of its own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from aiops.store.database import Database
from aiops.store.outbox import row_key

# Reminders of one search.
MAX_REMINDERS = 100
# A message has the plan of its routes, or follows the settings of its endpoint.
_REMIND = """
select o.id, o.endpoint, o.incident, o.version, o.repeats, i.body, o.plan from incidents i
join outbox o on o.incident = i.id and o.endpoint = :endpoint
where i.status = 'open' and o.state = 'sent'
  and i.severity >= case when o.plan is null then :severity
    else coalesce(json_extract(cast(o.plan as text), '$.least'), 0) end
  and o.changed_at <= case when o.plan is null then :since
    else :now - nullif(json_extract(cast(o.plan as text), '$.repeat_s'), 0) end
  and json_extract(cast(i.body as text), '$.silenced_by') is null
  and not exists (
    select 1 from outbox later
    where later.endpoint = o.endpoint and later.incident = o.incident and later.version > o.version
      and later.state != 'superseded')
order by o.changed_at
"""


def always(plan: bytes | None) -> bool:
    """Let every reminder through: without routes nothing is muted."""
    return True


def remind(
    database: Database,
    endpoint: str,
    severity: int,
    since: float,
    now: float,
    may_remind: Callable[[bytes | None], bool] = always,
) -> int:
    """Send a reminder of open incidents that nobody has acknowledged; return their number.

    They are at or above a severity and not silenced, and `endpoint` got no message about them after `since`. Messages
    with a plan follow that instead, and `may_remind` returns True if its routes may send now. The message carries the
    incident in its present state, and is a delivery of its own with its own key.
    """
    values = {"endpoint": endpoint, "severity": severity, "since": since, "now": now}
    if not any(may_remind(row[-1]) for row in database.reader.execute(_REMIND, values)):
        return 0
    with database.transaction("deliveries") as connection:
        due = (row for row in connection.execute(_REMIND, values).fetchall() if may_remind(row[-1]))
        found = list(islice(due, MAX_REMINDERS))
        for number, name, incident, version, repeats, body, _ in found:
            key = row_key(name, incident, version, repeats + 1)
            connection.execute(
                "update outbox set state = 'due', attempt = 0, repeats = ?, key = ?, body = ?, news = '[]', at = ?,"
                " due_at = ?, created_at = ?, changed_at = ? where id = ?",
                (repeats + 1, key, body, now, now, now, now, number),
            )
    return len(found)
