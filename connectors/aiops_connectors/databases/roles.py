"""Rights of the role of a session: one that can act is refused, one that can write is reported.

A read-only transaction refuses writes to tables. It refuses neither programs nor files of the server, nor the end of
other sessions: these a role must not be permitted. Predefined roles:
https://www.postgresql.org/docs/current/predefined-roles.html
"""

from __future__ import annotations

from typing import Any

from aiops.step_kinds.databases import DatabaseFailed

ACTING = (
    *("pg_execute_server_program", "pg_write_server_files", "pg_read_server_files", "pg_signal_backend"),
    *("pg_write_all_data", "pg_maintain", "pg_checkpoint", "pg_create_subscription"),
)
# Of the role that logged in, and of all that it can become: `set role` needs no password.
POWERS = """
select current_setting('transaction_read_only') = 'on' as is_read_only,
       session_user::text as name,
       coalesce(bool_or(rolsuper), true) as is_super,
       coalesce(string_agg(rolname::text, ', ' order by rolname)
                filter (where rolreplication or rolcreaterole or rolname::text = any ($1)), '') as acting
from pg_catalog.pg_roles where pg_catalog.pg_has_role(session_user, oid, 'member')
"""
RIGHTS = """
select pg_catalog.pg_has_role(session_user, 'pg_read_all_stats', 'usage') as sees_all,
       coalesce((select string_agg(name, ', ') from (
           select c.oid::regclass::text as name from pg_catalog.pg_class c
           where c.relkind in ('r', 'p') and c.relnamespace not in (
                     'pg_catalog'::regnamespace, 'information_schema'::regnamespace)
             and pg_catalog.has_table_privilege(c.oid, 'insert, update, delete, truncate')
           limit 3) as found), '') as tables
"""
GRANTS = "docs/playbooks.md has the statements that make a role for it"


def refuse(powers: dict[str, Any]) -> None:
    """Raise `DatabaseFailed` for a session that could do more than read."""
    name = powers["name"]
    if powers["is_read_only"] is not True:
        raise DatabaseFailed("the server did not begin a read-only transaction; nothing was sent")
    if powers["is_super"] is not False:
        raise DatabaseFailed(f"the role {name} is, or can become, a superuser; nothing was sent ({GRANTS})")
    if powers["acting"]:
        raise DatabaseFailed(f"the role {name} can act by {powers['acting']}; nothing was sent ({GRANTS})")


def warnings_of(powers: dict[str, Any], rights: dict[str, Any]) -> list[str]:
    """Return what the operator should know of a role that may read."""
    found = []
    if rights["tables"]:
        found.append(f"the role {powers['name']} may write to {rights['tables']}; each read refuses that, but {GRANTS}")
    if not rights["sees_all"]:
        found.append(f"the role {powers['name']} sees only its own sessions: grant pg_monitor to it")
    return found
