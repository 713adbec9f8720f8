"""A real PostgreSQL is read, within bounds, and by no statement changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiops_connectors.databases import postgresql as module
from aiops_connectors.databases import select_text, sessions
from aiops_connectors.databases.example import PASSWORD, READER, SharedServer
from aiops_connectors.databases.postgresql import PostgresqlDatabase

from aiops.step_kinds.databases import MAX_TEXT, Database, DatabaseFailed, Selected, Statement
from aiops.testing.registered import check_registered

ENDLESS = "with recursive n(i) as (select 1::bigint union all select i + 1 from n) select count(*) from n"
SCHEMA = (
    "create table if not exists public.kept (id integer)",
    "truncate public.kept",
    "insert into public.kept values (1), (2)",
    "create sequence if not exists public.numbers",
    "create or replace function public.acts() returns integer language plpgsql security definer as"
    " 'begin insert into public.kept values (9); return 1; end'",
    f"grant all on public.kept, public.numbers to {READER}",
)


@pytest.fixture(scope="module")
def database(postgresql: SharedServer) -> Database:
    postgresql.execute(*SCHEMA)
    return postgresql.system()


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at the text: what is left is the server's own refusal."""
    monkeypatch.setattr(module, "numbered", lambda text, names: (text.removesuffix(";"), list(names)))


def select(database: Database, text: str, gate: Callable[[], bool] = lambda: True, **fields: Any) -> Selected:
    return database.select(
        Statement(text, fields.get("values", {}), fields.get("limit", 20), fields.get("s", 20.0)), gate
    )


def test_it_passes_the_kit(postgresql: SharedServer, tmp_path: Path) -> None:
    check_registered("aiops.databases", "postgresql", tmp_path)


def test_types_become_numbers_texts_and_nothing(database: Database) -> None:
    columns = {
        "true": True, "7::smallint": 7, "9007199254740993": 9007199254740993, "2.5::numeric": 2.5, "0.25::real": 0.25,
        "'NaN'::float8": "NaN", "'-Infinity'::numeric": "-Infinity", "1e300::numeric": "1" + "0" * 300, "null": None,
        "12345678901234567890123": "12345678901234567890123", "interval '90 minutes'": "01:30:00",
        "'2026-01-02 03:04:05+01'::timestamptz": "2026-01-02 02:04:05+00",
        "'{\"a\": [1, null]}'::jsonb": '{"a": [1, null]}', "array[1, null, 3]": "{1,NULL,3}",
        "'\\x00ff'::bytea": "2 bytes", "row(1, 'a')": "(1,a)", "'it''s'": "it's", "'10.0.0.1'::inet": "10.0.0.1/32",
    }  # fmt: skip
    found = select(database, "select " + ", ".join(columns))
    assert found.rows == [list(columns.values())]
    named = select(database, 'select 1 as one, 2 as "Two Words" limit 0')
    assert (named.columns, named.rows) == (["one", "Two Words"], [])


def test_values_are_bound_whatever_they_are(database: Database) -> None:
    of = "select :a::text as a, id from public.kept where id > :least order by id"
    for value in ("'; drop table public.kept; --", "%s %(a)s $1 :a", "ü\u202e", "{}"):
        assert select(database, of, values={"a": value, "least": 1}).rows == [[value, 2]]
    assert select(database, "select :t::boolean, :f::float8 + 1", values={"t": True, "f": 0.5}).rows == [[True, 1.5]]
    with pytest.raises(DatabaseFailed, match="invalid input syntax for type integer"):
        select(database, "select :a::integer", values={"a": "1 or 1=1"})
    with pytest.raises(DatabaseFailed, match="NUL"):
        select(database, "select :a::text", values={"a": "a\x00b"})
    with pytest.raises(DatabaseFailed, match="expected text that has a form in UTF-8"):
        select(database, "select :a::text", values={"a": "a\ud800b"})


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.kept values (3)",
        "update public.kept set id = 0",
        "delete from public.kept",
        "truncate public.kept",
        "with gone as (delete from public.kept returning id) select * from gone",
        "select id into public.copied from public.kept",
        "create table public.made as select 1",
        "copy public.kept to program 'touch aiops-made'",
        "copy (select 1) to stdout",
        "explain analyze delete from public.kept",
        "do 'begin delete from public.kept; end'",
        "call public.acts()",
        "select 1; delete from public.kept",
        "select 1; commit; delete from public.kept",
        "commit",
        "rollback; select 1",
        "set transaction read write",
        "set default_transaction_read_only = off",
        "select 1) as a; delete from public.kept; select (1",
        "select 1) as aiops_rows (c0); delete from public.kept --",
        "select 1 /*",
        "select public.acts()",
        "select nextval('public.numbers')",
        "select setval('public.numbers', 7)",
        "select id from public.kept for update",
        "select set_config('transaction_read_only', 'off', false), public.acts()",
        "select pg_catalog.pg_read_file('/etc/passwd')",
        "select lo_export(1, 'aiops-made')",
        "select * from nowhere",
        "select from public.kept",
        "",
    ],
)
def test_nothing_but_reading(database: Database, postgresql: SharedServer, statement: str) -> None:
    before = everything(postgresql)
    with pytest.raises(DatabaseFailed):
        select(database, statement)
    assert everything(postgresql) == before


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("second", ["select 2", "delete from public.kept", "commit", "set transaction read write"])
def test_the_server_takes_one_statement(database: Database, second: str) -> None:
    """Already as it is written, before anything stands around it."""
    with pytest.raises(DatabaseFailed, match="cannot insert multiple commands into a prepared statement"):
        select(database, f"select 1; {second}")


@pytest.mark.usefixtures("unguarded")
def test_what_a_read_only_transaction_permits_ends_with_it(database: Database, postgresql: SharedServer) -> None:
    before = everything(postgresql)
    select(database, "select lo_create(0)")
    select(database, "select set_config('default_transaction_read_only', 'off', false)")
    select(database, "select pg_advisory_lock(7)")
    with pytest.raises(DatabaseFailed, match="read-only transaction"):
        select(database, "select public.acts()")
    assert everything(postgresql) == before
    assert postgresql.execute("select count(*) from pg_locks where locktype = 'advisory'") == [(0,)]


def everything(postgresql: SharedServer) -> list[Any]:
    return postgresql.execute(
        "select (select array_agg(id order by id) from public.kept),"
        " (select is_called from public.numbers), (select count(*) from pg_class where relkind in ('r', 'p')),"
        " (select count(*) from pg_largeobject_metadata)"
    )


def test_a_statement_that_cannot_be_right_is_not_sent(database: Database) -> None:
    assert database.problem("select 1; select 2", []) == "expected one statement in plain text; got a second statement"
    with pytest.raises(Exception, match="got a second statement"):
        select(database, "select 1; select 2")
    assert PostgresqlDatabase.problem("select 1", []) is None


def test_rows_and_texts_are_cut_on_the_server(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[int] = []
    real = module._value

    def counted(text: str | None, kind: int) -> Any:
        received.append(len(text or ""))
        return real(text, kind)

    monkeypatch.setattr(module, "_value", counted)
    many = select(database, "select 1 from generate_series(1, 3200) as a, generate_series(1, 3200) as b", limit=200)
    assert many.rows == [[1]] * 200
    assert len(received) == 200
    huge = select(database, "select repeat('x', 20000000), decode(repeat('ff', 1000000), 'hex')")
    assert huge.rows == [["x" * (MAX_TEXT - 1) + "…", "1000000 bytes"]]
    assert max(received) <= MAX_TEXT + 1
    received.clear()
    with pytest.raises(DatabaseFailed, match="longer than 512 KiB"):
        select(
            database, "select " + ", ".join(["repeat('x', 9000)"] * 40) + " from generate_series(1, 1000)", limit=200
        )
    # One batch, then no more.
    assert len(received) <= 40 * module.BATCH
    with pytest.raises(DatabaseFailed, match="expected 1 to 40 columns; got 41"):
        select(database, "select " + ", ".join(["1"] * 41))


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("statement", ["select pg_sleep(100)", ENDLESS, "select count(*) from generate_series(1, 1e9)"])
def test_a_statement_that_takes_too_long_is_ended(database: Database, postgresql: SharedServer, statement: str) -> None:
    with pytest.raises(DatabaseFailed, match=r"no answer within 0\.2 s"):
        select(database, statement, s=0.2)
    nothing_runs(postgresql)


@pytest.mark.usefixtures("unguarded")
def test_a_server_that_does_not_end_it_is_cancelled(
    database: Database, postgresql: SharedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "settings", lambda timeout_s: "-c default_transaction_read_only=on")
    with pytest.raises(DatabaseFailed, match=r"no answer within 0\.2 s"):
        select(database, "select pg_sleep(20)", s=0.2)
    nothing_runs(postgresql)
    monkeypatch.setattr(sessions, "CANCEL_S", 0.05)
    monkeypatch.setattr(psycopg.Connection, "cancel_safe", lambda self, timeout: None)
    with pytest.raises(DatabaseFailed, match=r"no answer within 0\.2 s"):
        select(database, "select pg_sleep(20)", s=0.2)
    postgresql.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{READER}'")


@pytest.mark.usefixtures("unguarded")
def test_a_stop_ends_a_statement(database: Database, postgresql: SharedServer) -> None:
    looks = iter([True, True])
    with pytest.raises(DatabaseFailed, match="interrupted: the daemon is shutting down"):
        # It would end well before its time is up.
        select(database, "select pg_sleep(20)", lambda: next(looks, False), s=300.0)
    nothing_runs(postgresql)
    looks = iter([True])
    with pytest.raises(DatabaseFailed, match="not read: the daemon is shutting down"):
        select(database, "select 1", lambda: next(looks, False))


def nothing_runs(postgresql: SharedServer) -> None:
    query = f"select count(*) from pg_stat_activity where usename = '{READER}' and state = 'active'"
    assert postgresql.execute(query) == [(0,)]


def test_a_locked_table_is_not_waited_for(
    database: Database, postgresql: SharedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "LOCK_TIMEOUT_S", 0.05)
    with psycopg.connect(postgresql.admin) as other:
        other.execute("lock table public.kept in access exclusive mode")
        with pytest.raises(DatabaseFailed, match="a table that it reads is locked"):
            select(database, "select id from public.kept")
        other.rollback()
    assert select(database, "select id from public.kept order by id").rows == [[1], [2]]


def test_names_are_those_of_the_system(database: Database, postgresql: SharedServer) -> None:
    """A function in `public` does not stand in for one of the system, whatever its types."""
    postgresql.execute(
        "create or replace function public.upper(integer) returns text language sql as 'select ''mine'''"
    )
    with pytest.raises(DatabaseFailed, match=r"function upper\(integer\) does not exist"):
        select(database, "select upper(1)")
    with pytest.raises(DatabaseFailed, match='relation "kept" does not exist'):
        select(database, "select id from kept")


@pytest.fixture
def role(postgresql: SharedServer) -> Iterator[Callable[..., Database]]:
    made = "aiops_other"
    postgresql.execute(f"create role {made} login password 'p-9911'", f"grant pg_monitor to {made}")

    def change(*statements: str) -> Database:
        postgresql.execute(*statements)
        return postgresql.system(login=f"{made}:p-9911")

    yield change
    postgresql.execute(f"drop owned by {made}", f"drop role {made}", "drop role if exists aiops_middle")


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (["alter role aiops_other superuser"], "is, or can become, a superuser"),
        (["grant postgres to aiops_other", "alter role aiops_other noinherit"], "is, or can become, a superuser"),
        (["grant pg_execute_server_program to aiops_other"], "can act by pg_execute_server_program"),
        (["create role aiops_middle noinherit", "grant pg_write_server_files to aiops_middle",
          "grant aiops_middle to aiops_other"], "can act by pg_write_server_files"),
        (["grant pg_signal_backend, pg_read_server_files to aiops_other"], "pg_read_server_files, pg_signal_backend"),
        (["alter role aiops_other replication"], "can act by aiops_other"),
        (["alter role aiops_other createrole"], "can act by aiops_other"),
        (["alter role aiops_other superuser", "alter role aiops_other set role pg_monitor"], "a superuser"),
    ],
)  # fmt: skip
def test_a_role_that_can_act_reads_nothing(role: Callable[..., Database], statements: list[str], reason: str) -> None:
    found = role(*statements)
    for read in (lambda: select(found, "select 1"), found.check):
        with pytest.raises(DatabaseFailed, match=f"{reason}.*nothing was sent"):
            read()


def test_a_session_that_may_write_is_not_used(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psycopg.Connection, "read_only", property(lambda self: None, lambda self, value: None))
    monkeypatch.setattr(sessions, "settings", lambda timeout_s: "")
    with pytest.raises(DatabaseFailed, match="did not begin a read-only transaction; nothing was sent"):
        select(database, "select 1")


def test_the_session_alone_refuses_writes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the transaction is: each of the two holds by itself."""
    monkeypatch.setattr(psycopg.Connection, "read_only", property(lambda self: None, lambda self, value: None))
    with pytest.raises(DatabaseFailed, match="cannot execute INSERT in a read-only transaction"):
        select(database, "select public.acts()")


def test_a_check_reports_what_the_role_may_do(role: Callable[..., Database], postgresql: SharedServer) -> None:
    assert role().check() == []
    found = role("grant insert on public.kept to aiops_other", "revoke pg_monitor from aiops_other").check()
    assert [one.partition(";")[0] for one in found] == [
        "the role aiops_other may write to public.kept",
        "the role aiops_other sees only its own sessions: grant pg_monitor to it",
    ]


def test_the_pattern_of_acting_functions_has_no_function_that_diagnosis_needs(postgresql: SharedServer) -> None:
    """Of the functions of the server that it refuses, none is one that the shipped playbooks or people read by."""
    names = {row[0] for row in postgresql.execute("select distinct proname from pg_proc")}
    refused = {name for name in names if select_text._ACTING.fullmatch(name)}
    assert {"pg_sleep", "pg_terminate_backend", "lo_create", "set_config", "pg_promote", "pg_switch_wal"} <= refused
    needed = {"pg_blocking_pids", "pg_wal_lsn_diff", "pg_current_wal_lsn", "pg_ls_waldir", "pg_ls_tmpdir", "age"}
    assert needed <= names - refused


def test_the_secret_never_shows(postgresql: SharedServer) -> None:
    wrong = postgresql.system(login=f"{READER}:wrong-4455")
    with pytest.raises(DatabaseFailed) as failed:
        select(wrong, "select 1")
    assert "password authentication failed" in str(failed.value)
    assert "wrong-4455" not in str(failed.value) + repr(failed.value.__cause__)
    assert failed.value.__cause__ is None
    assert postgresql.system().secrets == [PASSWORD]
