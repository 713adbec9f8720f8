"""Statements as PostgreSQL gets them: one in plain text, that only reads."""

from __future__ import annotations

import pytest
from aiops_connectors.databases.select_text import numbered, problem_of


@pytest.mark.parametrize(
    ("statement", "names", "sent"),
    [
        ("select 1;", [], "select 1"),
        ("select a::text[] from t where b = :b", ["b"], "select a::text[] from t where b = $1"),
        ("select :b, :a, :b", ["a", "b"], "select $1, $2, $1"),
        ("select ':a', \":a\", 'it''s; --' from t", [], "select ':a', \":a\", 'it''s; --' from t"),
        ("select 'pg_sleep' from pg_replication_slots where n > 1e5", [], None),
        ("select pg_blocking_pids(pid), locktype from pg_locks", [], None),
    ],
)
def test_names_become_numbers_and_strings_stay(statement: str, names: list[str], sent: str | None) -> None:
    text, used = numbered(statement, names)
    assert text == (statement if sent is None else sent)
    assert sorted(used) == names


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("select 1; delete from t", "a second statement"),
        ("select 1;;", "a second statement"),
        ("select 1 -- from t", "a comment"),
        ("select 1 /* from t */", "a comment"),
        ("select $$a$$", "a dollar sign"),
        ("select $1", "a dollar sign"),
        ("select E'a\\' or 1'", "an escape"),
        ('select U&"pg\\005fsleep"(1)', "an escape"),
        ("select e'a'", "an escape"),
        ("select 1E'\\'', pg_sleep(9) --'", "an escape"),
        ("select ts_rewrite(a, 'select b from c') from d", "got ts_rewrite"),
        ("select 'open", "a string without its end"),
        ('select "open', "a name without its end"),
        ("select \\ 1", "an escape"),
        ("select :missing", "expected a value for :missing"),
        ("select pg_sleep(9)", "got pg_sleep"),
        ("select \"pg_sleep_for\"('9s')", 'got "pg_sleep_for"'),
        ("select PG_Terminate_Backend(1)", "got PG_Terminate_Backend"),
        ("select pg_catalog . pg_advisory_lock(1)", "got pg_advisory_lock"),
        ("select dblink_exec('dbname=a', 'delete from t')", "got dblink_exec"),
        ("select lo_create(0)", "got lo_create"),
        ("select query_to_xml('select 1', true, true, '')", "got query_to_xml"),
        ("select pg_create_physical_replication_slot('a')", "got pg_create_physical_replication_slot"),
        ("select set_config('statement_timeout', '0', false)", "got set_config"),
        ("select pg_logical_emit_message(false, 'a', 'b')", "got pg_logical_emit_message"),
        ("select pg_stat_statements_reset()", "got pg_stat_statements_reset"),
    ],
)
def test_what_is_never_sent(statement: str, problem: str) -> None:
    found = problem_of(statement, [])
    assert found is not None
    assert problem in found


def test_a_value_that_no_statement_has_is_a_mistake() -> None:
    assert problem_of("select 1", ["a"]) == "expected :a in the statement; it is not there"
