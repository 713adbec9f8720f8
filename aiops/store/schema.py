"""The store's tables, as migrations that are applied in order and never edited afterwards."""

from __future__ import annotations

import sqlite3

from aiops.errors import AiopsError

_FIRST = """
create table applied (
    one integer primary key check (one = 1),
    frame integer not null,
    at real not null
);
insert into applied values (1, 0, 0);

create table incidents (
    id text primary key,
    version integer not null,
    status text not null,
    severity integer not null,
    title text not null,
    opened_at real not null,
    last_alert_at real not null,
    resolved_at real,
    alert_count integer not null,
    merged_into text,
    changed integer not null,
    body blob not null
) without rowid;
create index incidents_opened on incidents (opened_at);
create index incidents_status on incidents (status, opened_at);
create index incidents_changed on incidents (changed);

create table audit (
    number integer primary key autoincrement,
    seq integer not null,
    at real not null,
    topic text not null,
    incident text,
    version integer,
    actor text,
    text text not null
);
create index audit_incident on audit (incident, number) where incident is not null;
create index audit_at on audit (at);

create table dead_letters (
    number integer primary key autoincrement,
    at real not null,
    source text not null,
    place text not null,
    reason text not null,
    raw blob not null
);

create table outbox (
    id integer primary key autoincrement,
    endpoint text not null,
    incident text not null,
    version integer not null,
    key text not null,
    change text not null,
    body blob not null,
    at real not null,
    link text,
    severity integer not null default 2,
    cause text,
    attempt integer not null default 0,
    due_at real not null,
    created_at real not null,
    state text not null default 'due' check (state in ('due', 'sent', 'superseded', 'dead', 'dropped')),
    changed_at real not null,
    last_status integer,
    last_error text,
    unique (endpoint, incident, version)
);
create index outbox_due on outbox (endpoint, due_at) where state = 'due';
create index outbox_order on outbox (endpoint, incident, version) where state = 'due';
create index outbox_state on outbox (state, changed_at);
"""

# A message stays part of its trace after a restart.
_TRACED = "alter table outbox add column traceparent text not null default ''"

# The news of a message, and all that its endpoint has been notified of by then: the next news follows from it. `seq` is
# the record after which an incident's state was written. Of two states of one version the later one stays.
_NEWS = """
alter table outbox add column news text not null default '[]';
alter table outbox add column named blob;
alter table outbox add column repeats integer not null default 0;
alter table incidents add column seq integer not null default 0;
"""

# The end of the audit trail of runs. A store from before this migration knows nothing of the trail beside it, which
# does not mean that there is none: -1 entries accept it as it is, once.
_TRAIL = """
create table trail (
    one integer primary key check (one = 1),
    entries integer not null,
    head text not null,
    at real not null,
    engaged text not null
);
insert into trail select 1, -1, '', 0, '[]' from applied where frame > 0;
"""

# The receipt time by the host's clock. Retention counts from here, since alerts of years ago may arrive today. For
# older rows only the alerts' own time is known.
_RECEIVED = """
alter table incidents add column received_at real not null default 0;
update incidents set received_at = max(last_alert_at, coalesce(resolved_at, 0));
create index incidents_received on incidents (received_at) where status in ('resolved', 'merged');
alter table audit add column received_at real not null default 0;
update audit set received_at = at;
drop index audit_at;
create index audit_received on audit (received_at);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _TRACED, _NEWS + _TRAIL + _RECEIVED)


def migrate(connection: sqlite3.Connection) -> None:
    """Migrate the tables to the newest version; raise `AiopsError` for a store that a newer release wrote."""
    version = int(connection.execute("pragma user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise AiopsError(
            f"the store has schema version {version}, this release knows {len(MIGRATIONS)}: "
            "install the release that wrote it, or start with another state directory"
        )
    for number in range(version, len(MIGRATIONS)):
        # `executescript` ends an open transaction; the transaction is therefore part of the script.
        connection.executescript(f"begin immediate; {MIGRATIONS[number]}; pragma user_version = {number + 1}; commit;")
