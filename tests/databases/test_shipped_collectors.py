"""The collectors of the shipped playbooks on a real PostgreSQL: what they read is there, what they look for shows."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import psycopg
import pytest
from aiops_connectors.databases.example import SharedServer
from msgspec.structs import replace

from aiops.collect.database_reader import DatabaseReader
from aiops.collect.evidence import Hit, hits_of
from aiops.collect.requests import read_of
from aiops.collect.tables import ReadFailed, Row, rows_of
from aiops.respond.catalogue import read_catalogue, shipped
from aiops.respond.collector_checks import COLUMN
from aiops.respond.collectors import Collect
from aiops.step_kinds.databases import Statement
from aiops.step_kinds.systems import System
from tests.waiting import eventually

VALUES = {"database": "orders-db"}
COLLECTORS = {
    f"{playbook.name}: {one.name.partition(': ')[2]}": one
    for playbook in read_catalogue([shipped()]).playbooks.values()
    for one in playbook.diagnosis
    if isinstance(one, Collect) and one.sql is not None
}
PLAYBOOKS = {name.partition(":")[0] for name in COLLECTORS}
BLOCKERS = "database-deadlocks: sessions that others wait for"
OPEN = "database-slow-queries: transactions open for longest"
IN_USE = "database-connections-exhausted: connections in use"
HOLDERS = "database-connections-exhausted: who holds the connections"
REPLICAS = "database-replication-lag: replicas of the primary, and the phase in which they are behind"
SLOTS = "database-disk-filling: slots that hold log back"
FILES = "database-disk-filling: log, archive and temporary files"
NUMBERS = "database-slow-queries: transaction numbers in use, by database"


def rows(server: SharedServer, name: str) -> list[Row]:
    collector = COLLECTORS[name]
    reader = DatabaseReader(System("orders-db", "postgresql", ""), server.system())
    return rows_of(collector, reader.read(read_of(collector, VALUES, 0.0), lambda: True))


def hits(server: SharedServer, name: str, **changes: Any) -> list[Hit]:
    """Return what is found; `changes` are values of rules that no test waits for."""
    rules = [replace(one, value=changes.get(one.field, one.value)) for one in COLLECTORS[name].rules]
    return hits_of(rules, rows(server, name), VALUES, "checkout")


@contextmanager
def session(server: SharedServer, application: str) -> Iterator[psycopg.Connection[Any]]:
    with closing(psycopg.connect(server.admin, application_name=application)) as made:
        yield made


def test_five_playbooks_read_a_database() -> None:
    assert len(PLAYBOOKS) == 5
    assert all(one.entity == "{{ database }}" and one.sql.dialect == "postgresql" for one in COLLECTORS.values())  # type: ignore[union-attr]


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_role_that_only_monitors_reads_it_and_every_rule_has_its_columns(postgresql: SharedServer, name: str) -> None:
    collector = COLLECTORS[name]
    found = postgresql.system().select(statement(collector), lambda: True)
    used = {column for rule in collector.rules for column in (rule.field, *COLUMN.findall(rule.sentence))}
    assert used <= set(found.columns)
    assert not hits(postgresql, name)


def statement(collector: Collect) -> Statement:
    read = read_of(collector, VALUES, 0.0)
    return Statement(read.statement, read.parameters, read.limit, read.timeout_s)


def test_the_session_that_two_others_wait_for_is_found(postgresql: SharedServer) -> None:
    postgresql.execute("create table if not exists public.accounts (id integer)", "truncate public.accounts",
                       "insert into public.accounts values (1)")  # fmt: skip
    change = b"update public.accounts set id = 1 where 'ann@example.org' <> 'x'"
    with ExitStack() as stack:
        holder = stack.enter_context(session(postgresql, "billing"))
        holder.execute(change)
        for number in range(2):
            waiting = stack.enter_context(session(postgresql, f"checkout-{number}"))
            waiting.execute("begin")
            waiting.pgconn.send_query(change)
        pid = holder.info.backend_pid
        eventually(lambda: len(postgresql.execute("select 1 from pg_locks where not granted")) == 2)
        (row,) = rows(postgresql, BLOCKERS)
        assert (row["pid"], row["application"], row["state"]) == ([pid], ["billing"], ["idle in transaction"])
        # The second waits for the first of the queue as well; the head of the chain is named, with what it blocks.
        assert row["waiting"][0] in (1, 2)
        assert row["statement"] == ["update public.accounts set id = 1 where ? <> ?"]
        found = hits(postgresql, BLOCKERS)
        assert [(one.entity, one.weight) for one in found] == [("orders-db", "weak"), ("billing", "strong")]
        assert found[0].sentence.startswith(f"session {pid} of billing (idle in transaction) blocks others: ")
        assert found[1].sentence.startswith("billing holds a lock that others wait for, in a transaction open for ")
        # The same session is the longest transaction; that it is open for five minutes nobody waits for here.
        assert "billing" in {one.entity for one in hits(postgresql, OPEN, open_s=-1)}
        assert {one.entity for one in hits(postgresql, HOLDERS, in_transaction_s=-1)} == {"billing", "orders-db"}
    assert hits(postgresql, BLOCKERS) == []


def test_a_deadlock_is_counted(postgresql: SharedServer) -> None:
    postgresql.execute("create table if not exists public.pairs (id integer)", "truncate public.pairs",
                       "insert into public.pairs values (1), (2)", "select pg_stat_reset()")  # fmt: skip
    with session(postgresql, "a") as a, session(postgresql, "b") as b:
        for one, patience in ((a, "60s"), (b, "10ms")):
            one.execute(f"set deadlock_timeout = '{patience}'".encode())
            one.commit()
        a.execute("update public.pairs set id = id where id = 1")
        b.execute("update public.pairs set id = id where id = 2")
        a.pgconn.send_query(b"update public.pairs set id = id where id = 2")
        eventually(lambda: postgresql.execute("select 1 from pg_locks where not granted"))
        with pytest.raises(psycopg.errors.DeadlockDetected):
            b.execute("update public.pairs set id = id where id = 1")
    eventually(lambda: hits(postgresql, "database-deadlocks: deadlocks and rollbacks, by database"))
    (hit,) = hits(postgresql, "database-deadlocks: deadlocks and rollbacks, by database")
    assert (hit.entity, hit.sentence[-4:]) == ("orders-db", "): 1")
    postgresql.execute("select pg_stat_reset()")


def test_connections_that_are_used_up_are_found_and_who_holds_them(postgresql: SharedServer) -> None:
    eventually(
        lambda: len(postgresql.execute("select 1 from pg_stat_activity where backend_type = 'client backend'")) == 1
    )
    with ExitStack() as stack:
        for _ in range(28):
            stack.enter_context(session(postgresql, "checkout"))
        (hit,) = hits(postgresql, IN_USE)
        assert (hit.entity, hit.sentence, hit.weight) == ("orders-db", "29 of 30 connections are in use", "strong")
        (hit,) = hits(postgresql, HOLDERS)
        assert (hit.entity, hit.sentence) == ("checkout", "checkout holds 93.3 percent of all connections")
        stack.enter_context(session(postgresql, "checkout"))
        # The reason that a person reads: it is the finding.
        with pytest.raises(ReadFailed, match=r"remaining connection slots are reserved|too many clients"):
            rows(postgresql, IN_USE)


def test_a_replica_that_stops_and_a_slot_that_nobody_reads(postgresql: SharedServer) -> None:
    postgresql.execute("select pg_create_physical_replication_slot('gone', true)")
    command = [
        *(str(postgresql.programs / "pg_receivewal"), "--directory", str(postgresql.directory), "--no-loop"),
        *("--synchronous", "--dbname", f"{postgresql.admin} application_name=orders-db-2"),
    ]
    limits = {"unsent_mb": 1, "unflushed_mb": 0.01}
    receiver = subprocess.Popen(postgresql.as_owner(command), stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: postgresql.execute("select 1 from pg_stat_replication where flush_lsn is not null"))
        receiver.send_signal(signal.SIGSTOP)
        postgresql.execute("select pg_logical_emit_message(false, 'a', repeat('x', 3000000))", "select pg_switch_wal()")
        eventually(lambda: len(hits(postgresql, REPLICAS, **limits)) == 2)
        unsent, unflushed = hits(postgresql, REPLICAS, **limits)
        assert unsent.entity == "orders-db"
        assert " MB of log are not sent to orders-db-2; the network" in unsent.sentence
        assert unflushed.entity == "orders-db-2"
        assert unflushed.sentence.startswith("orders-db-2 has not stored ")
        (hit,) = hits(postgresql, SLOTS, held_mb=1)
        assert (hit.entity, hit.sentence.partition(" holds")[0]) == ("orders-db", "nobody reads the slot gone, which")
    finally:
        receiver.kill()
        receiver.wait()
        postgresql.execute("select pg_drop_replication_slot('gone')")


def test_an_archive_that_fails_and_numbers_that_run_out(postgresql: SharedServer) -> None:
    found = rows(postgresql, FILES)[0]
    assert found["log_files"][0] >= 1  # type: ignore[operator]
    assert found["archive_fails"] == [False]
    failing: Row = {**found, "archive_fails": [True], "failed_log": ["000000010000000000000001"]}
    (hit,) = hits_of(COLLECTORS[FILES].rules, [failing], VALUES, "")
    assert hit.sentence.startswith("the archiving of 000000010000000000000001 fails")
    assert hits(postgresql, NUMBERS, percent=-1)[0].sentence.endswith("vacuum does not keep up")
