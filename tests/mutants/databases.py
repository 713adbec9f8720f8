"""Mutants of reads of databases: read only, one statement, bounded, ended, encrypted, of the right one."""

from __future__ import annotations

from tests.mutants.model import Mutant

POSTGRESQL = "connectors/aiops_connectors/databases/postgresql.py"
SESSIONS = "connectors/aiops_connectors/databases/sessions.py"
ROLES = "connectors/aiops_connectors/databases/roles.py"
TEXT = "connectors/aiops_connectors/databases/select_text.py"
REAL = "tests/databases/test_postgresql.py"
OPENED = "tests/databases/test_sessions.py"
SYSTEMS = ("tests/respond/test_read_systems.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "database-a-session-that-may-write",
        SESSIONS,
        '        "default_transaction_read_only": "on",\n',
        "",
        (f"{REAL}::test_the_session_alone_refuses_writes",),
    ),
    Mutant(
        "database-a-transaction-that-may-write-is-used",
        ROLES,
        'if powers["is_read_only"] is not True:',
        "if False:",
        (f"{REAL}::test_a_session_that_may_write_is_not_used",),
    ),
    Mutant(
        "database-what-was-made-is-committed",
        POSTGRESQL,
        "                return work(connection)\n",
        "                made = work(connection)\n                connection.commit()\n                return made\n",
        (f"{REAL}::test_what_a_read_only_transaction_permits_ends_with_it",),
    ),
    Mutant(
        "database-two-statements",
        POSTGRESQL,
        '    with RawServerCursor(connection, "aiops_shape") as shape:\n        shape.execute(text.encode(), values)\n',
        "    from psycopg import RawCursor\n\n    with RawCursor(connection) as shape:\n"
        "        shape.execute(text.encode(), values or None)\n",
        (f"{REAL}::test_the_server_takes_one_statement",),
    ),
    Mutant(
        "database-a-comment-hides-the-rest",
        TEXT,
        r"(?P<refused>--|/\*|\$|",
        r"(?P<refused>/\*|\$|",
        ("tests/databases/test_select_text.py",),
    ),
    Mutant(
        "database-a-quoted-name-acts",
        TEXT,
        'if kind in ("word", "quoted") and',
        'if kind == "word" and',
        ("tests/databases/test_select_text.py",),
    ),
    Mutant(
        "database-a-text-of-any-length",
        POSTGRESQL,
        'return f"left({name}::text, {MAX_TEXT + 1})"',
        'return f"{name}::text"',
        (f"{REAL}::test_rows_and_texts_are_cut_on_the_server",),
    ),
    Mutant(
        "database-rows-without-end",
        POSTGRESQL,
        "({', '.join(names)}) limit {int(limit)}\"",
        "({', '.join(names)})\"",
        (f"{REAL}::test_rows_and_texts_are_cut_on_the_server",),
    ),
    Mutant(
        "database-an-answer-of-any-size",
        POSTGRESQL,
        "            if size > MAX_ANSWER_BYTES:\n",
        "            if False:\n",
        (f"{REAL}::test_rows_and_texts_are_cut_on_the_server",),
    ),
    Mutant(
        "database-a-statement-that-nobody-ends",
        SESSIONS,
        "if monotonic() > ends or not gate():",
        "if not gate():",
        (f"{REAL}::test_a_server_that_does_not_end_it_is_cancelled",),
    ),
    Mutant(
        "database-a-stop-that-ends-nothing",
        SESSIONS,
        "if monotonic() > ends or not gate():",
        "if monotonic() > ends:",
        (f"{REAL}::test_a_stop_ends_a_statement",),
    ),
    Mutant(
        "database-the-server-does-not-end-it",
        SESSIONS,
        '        "statement_timeout": limit,\n',
        "",
        (f"{OPENED}::test_every_session_is_bounded",),
    ),
    Mutant(
        "database-a-lock-is-waited-for",
        SESSIONS,
        '        "lock_timeout": min(limit, int(LOCK_TIMEOUT_S * 1_000)),\n',
        "",
        (f"{REAL}::test_a_locked_table_is_not_waited_for",),
    ),
    Mutant(
        "database-a-cancel-that-is-lost-hangs",
        SESSIONS,
        "                        line.shutdown(socket.SHUT_RDWR)\n",
        "                        pass\n",
        (f"{REAL}::test_a_server_that_does_not_end_it_is_cancelled",),
    ),
    Mutant(
        "database-a-function-of-public-stands-in",
        SESSIONS,
        '        "search_path": "pg_catalog",\n',
        "",
        (f"{REAL}::test_names_are_those_of_the_system",),
    ),
    Mutant(
        "database-a-superuser-reads",
        ROLES,
        'if powers["is_super"] is not False:',
        "if False:",
        (f"{REAL}::test_a_role_that_can_act_reads_nothing",),
    ),
    Mutant(
        "database-only-inherited-roles-count",
        ROLES,
        "pg_catalog.pg_has_role(session_user, oid, 'member')",
        "pg_catalog.pg_has_role(session_user, oid, 'usage')",
        (f"{REAL}::test_a_role_that_can_act_reads_nothing",),
    ),
    Mutant(
        "database-the-role-that-it-was-set-to-counts",
        ROLES,
        "pg_catalog.pg_has_role(session_user, oid, 'member')",
        "pg_catalog.pg_has_role(current_user, oid, 'member')",
        (f"{REAL}::test_a_role_that_can_act_reads_nothing",),
    ),
    Mutant(
        "database-a-certificate-that-nobody-checks",
        SESSIONS,
        '"sslmode": "verify-full"',
        '"sslmode": "require"',
        (f"{OPENED}::test_a_connection_to_another_host_is_encrypted_and_its_certificate_checked",),
    ),
    Mutant(
        "database-a-password-in-plain-text",
        SESSIONS,
        '"sslmode": "prefer", "require_auth": "!password"}',
        '"sslmode": "prefer"}',
        (f"{OPENED}::test_a_connection_to_another_host_is_encrypted_and_its_certificate_checked",),
    ),
    Mutant(
        "database-any-address",
        SESSIONS,
        "if why is None]",
        "]",
        (f"{OPENED}::test_a_name_that_leads_inside_is_refused",),
    ),
    Mutant(
        "database-a-password-in-the-address-is-shown",
        "aiops/respond/systems.py",
        'if "@" in urlsplit(given.url).netloc:',
        "if False:",
        SYSTEMS,
    ),
    Mutant(
        "database-a-reason-quotes-a-secret",
        "aiops/collect/database_reader.py",
        "raise ReadFailed(hidden(str(error), self.secrets)) from None",
        "raise ReadFailed(str(error)) from None",
        ("tests/collect/test_database_reader.py",),
    ),
    Mutant(
        "database-another-ones-answer-is-evidence",
        "aiops/collect/readers.py",
        "if one.kind == kind and any(fnmatchcase(entity, pattern) for pattern in one.entities)",
        "if one.kind == kind",
        ("tests/collect/test_readers.py",),
    ),
    Mutant(
        "database-any-kind-is-read",
        "aiops/collect/readers.py",
        "    if reader.kind != kind:\n",
        "    if False:\n",
        ("tests/collect/test_readers.py",),
    ),
]
