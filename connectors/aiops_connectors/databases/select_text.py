"""Statements of playbooks as PostgreSQL gets them: one that reads, with `:name` as `$1`.

A statement is fixed text of a playbook. Comments, escapes and dollar quotes are refused, as text that one reader takes
for a string and another for code is how a check is passed. Lexical rules:
https://www.postgresql.org/docs/current/sql-syntax-lexical.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from aiops.errors import UsageError

_TOKEN = re.compile(
    r"(?P<string>'(?:[^']|'')*')"
    r'|(?P<quoted>"(?:[^"]|"")*")'
    r"|(?P<cast>::)"
    r"|:(?P<parameter>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<refused>--|/\*|\$|[eEuU]&?['\"]|['\"]|\\|;|\x00)"
    r"|(?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_REFUSED = {
    "--": "a comment",
    "/*": "a comment",
    "$": "a dollar sign",
    ";": "a second statement",
    "'": "a string without its end",
    '"': "a name without its end",
}
# Functions that a read-only transaction permits although they act: on other sessions, on locks that outlive the
# transaction, on the log, on other servers, or by running a text as a statement. What reads and writes files of the
# server is for roles that are refused (`roles`).
_ACTING = re.compile(
    r"dblink(_.*)?|set_config|pg_(terminate|cancel)_backend|pg_sleep(_.*)?|pg_(try_)?advisory_.*|pg_notify"
    r"|lo_(creat|create|export|from_bytea|import|open|put|truncate|truncate64|unlink)|lowrite"
    r"|pg_logical_emit_message|pg_logical_slot_.*|pg_(create|drop|copy)_.*_slot|pg_drop_replication_slot"
    r"|pg_replication_slot_advance|pg_replication_origin_.*|(query|cursor|table|schema|database)_to_xml.*|ts_(stat|rewrite)"
    r"|pg_stat_.*reset.*|pg_(reload_conf|rotate_logfile|promote|switch_wal|create_restore_point|prewarm)"
    r"|pg_wal_replay_(pause|resume)|pg_backup_(start|stop)|pg_(start|stop)_backup|pg_log_backend_memory_contexts"
    r"|pg_export_snapshot|pg_import_system_collations|pg_file_.*|crosstab.*|connectby|xpath_table"
)


def problem_of(statement: str, names: Collection[str]) -> str | None:
    """Return why a statement with values of these names is not sent; None if it may be.

    >>> problem_of("select 1 where 'a' = :who", ["who"]), problem_of("select pg_sleep(9)", [])
    (None, 'expected a statement that only reads; got pg_sleep')
    """
    try:
        numbered(statement, names)
    except UsageError as error:
        return str(error)
    return None


def numbered(statement: str, names: Collection[str]) -> tuple[str, list[str]]:
    """Return the statement with `$1`, `$2` in place of `:name`, and the names in that order.

    Raise `UsageError` for one that is never sent.

    >>> numbered("select a::text from t where b = :b and c = :b", ["b"])
    ('select a::text from t where b = $1 and c = $1', ['b'])
    """
    used: list[str] = []
    parts: list[str] = []
    for kind, text in _tokens(statement.strip().removesuffix(";")):
        if kind == "refused":
            raise UsageError(f"expected one statement in plain text; got {_REFUSED.get(text, 'an escape')}")
        if kind in ("word", "quoted") and _ACTING.fullmatch(text.strip('"').lower()):
            raise UsageError(f"expected a statement that only reads; got {text[:80]}")
        if kind == "parameter":
            if text not in names:
                raise UsageError(f"expected a value for :{text}, under `parameters`; got none")
            if text not in used:
                used.append(text)
            text = f"${used.index(text) + 1}"
        parts.append(text)
    if unused := sorted(set(names) - set(used)):
        raise UsageError(f"expected :{unused[0]} in the statement; it is not there")
    return "".join(parts), used


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "other"
        yield kind, found[kind]
