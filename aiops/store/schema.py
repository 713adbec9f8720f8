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

# What a receiver calls an incident: later messages go where the first one is.
_REFERENCES = """
create table delivery_references (
    number integer primary key autoincrement,
    endpoint text not null,
    incident text not null,
    reference text not null,
    changed_at real not null,
    unique (endpoint, incident)
);
"""

# How a message was routed, which its reminders follow, and why an opening is held.
_ROUTED = """
alter table outbox add column plan blob;
alter table outbox add column held blob;
create index outbox_held on outbox (endpoint, incident) where held is not null and state = 'due';
"""

# A line of an incident without its body, for lists; the words by which it is found, and its text for phrases. The words
# of a text are kept with it: they are removed one by one, without an index by incident, which would double the table.
_SEARCH = """
create table incident_lines (
    number integer primary key,
    id text not null unique,
    version integer not null,
    status text not null,
    opened_at real not null,
    resolved_at real,
    merged_into text,
    severity integer not null,
    title text not null,
    last_alert_at real not null,
    alert_count integer not null,
    verdict text not null,
    alert text not null,
    entity text not null,
    more integer not null,
    is_cut integer not null,
    entity_count integer not null,
    cause text,
    confidence text,
    probability real,
    is_confirmed integer not null,
    reason text not null,
    perhaps text not null,
    services text not null,
    sources text not null,
    teams text not null,
    owner text,
    snoozed_until real,
    is_storm integer not null,
    digest integer not null
);
create index incident_lines_status on incident_lines (status);
create index incident_lines_opened on incident_lines (opened_at, id);
create index incident_lines_resolved on incident_lines (resolved_at) where resolved_at is not null;
create table incident_terms (
    kind integer not null,
    word text not null,
    number integer not null,
    primary key (kind, word, number)
) without rowid;
create table incident_texts (
    number integer primary key,
    text text not null,
    terms text not null
);
create trigger incident_removed after delete on incidents begin
    delete from incident_terms where kind in (0, 1, 2, 3, 4, 5, 6) and word in (
        select json_extract(j.value, '$[1]') from incident_lines l join incident_texts t on t.number = l.number,
        json_each(t.terms) j where l.id = old.id
    ) and number = (select number from incident_lines where id = old.id);
    delete from incident_texts where number = (select number from incident_lines where id = old.id);
    delete from incident_lines where id = old.id;
end;
"""

# The history of alerts. A row of `alert_episodes` is the present state of an episode in the engine, by the number of
# the record that began it. What its alerts have in common is kept once a stream. Counts of minutes and dispositions are
# added up: each frame adds its own, in its transaction. `removed_*` count what a bound or its age took away.
_HISTORY = """
create table alert_streams (
    id integer primary key,
    fingerprint text not null unique,
    name text not null,
    entity text not null,
    workload text not null,
    service text,
    source text,
    labels text not null,
    seen_at real not null
);

create table alert_episodes (
    seq integer primary key,
    stream integer not null,
    severity integer not null,
    started_at real not null,
    last_at real not null,
    ended_at real,
    ended_by text,
    count integer not null,
    disposition text not null,
    incident text,
    cluster integer not null,
    member integer not null,
    silence text,
    reason text,
    message text,
    url text,
    alert_id text not null,
    received_at real not null
);
create index alert_episodes_started on alert_episodes (started_at);
create index alert_episodes_stream on alert_episodes (stream, started_at);
create index alert_episodes_incident on alert_episodes (incident, started_at) where incident is not null;
create index alert_episodes_cluster on alert_episodes (cluster);
create index alert_episodes_silence on alert_episodes (silence, started_at) where silence is not null;
create index alert_episodes_rejected on alert_episodes (started_at) where disposition = 'rejected';

create table alert_minutes (
    number integer primary key,
    incident text not null,
    minute integer not null,
    name text not null,
    service text not null,
    severity integer not null,
    count integer not null,
    received_at real not null,
    unique (incident, minute, name, service, severity)
);

create table alert_totals (
    minute integer not null,
    disposition text not null,
    count integer not null,
    primary key (minute, disposition)
) without rowid;

create table site_changes (
    number integer primary key,
    seq integer not null unique,
    at real not null,
    received_at real not null,
    entity text not null,
    service text,
    name text not null,
    message text,
    url text,
    labels text not null
);
create index site_changes_at on site_changes (at);

create table alert_history (
    one integer primary key check (one = 1),
    episodes integer not null default 0,
    removed_episodes integer not null default 0,
    removed_alerts integer not null default 0,
    removed_until real,
    left_out integer not null default 0
);
insert into alert_history (one) values (1);
"""

# What fires now, and what ended of late, without a walk through all of the day.
_FIRING = """
create index alert_episodes_firing on alert_episodes (stream) where ended_at is null;
create index alert_episodes_ended on alert_episodes (ended_at) where ended_at is not null;
"""
# Every page counts incidents by status and severity: an index holds both, rows hold bodies of some kilobytes.
_LEVELS = "create index incidents_levels on incidents (status, severity);"
# What collectors read of other systems when an incident opened.
_FINDINGS = """
create table findings (
    incident text not null,
    round integer not null,
    playbook text not null,
    collector text not null,
    source text not null,
    system text not null,
    state text not null,
    attempts integer not null,
    at real not null,
    took_s real not null,
    reason text not null,
    reported integer not null,
    answer blob not null,
    primary key (incident, round, playbook, collector)
) without rowid;
create index findings_at on findings (at);
create index findings_unreported on findings (at) where reported = 0;
"""

MIGRATIONS: tuple[str, ...] = (
    _FIRST,
    _TRACED,
    _NEWS + _TRAIL + _RECEIVED,
    _REFERENCES,
    _ROUTED,
    _SEARCH,
    _HISTORY,
    _FIRING,
    _LEVELS,
    _FINDINGS,
)


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
