"""Statements of SQL that only read."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.respond.statements import check_statement


@pytest.mark.parametrize(
    "statement",
    [
        "select 1",
        "select 1;  ",
        "select 'insert; drop', \"update\", `delete`, [create] from t",
        "select it''s, replace(a, 'x', 'y') from inserted where updated_at > :update",
        "select 1 -- ; delete from t",
        "select /* insert */ 1",
        "with recent as (select * from t) select * from recent",
    ],
)
def test_a_statement_that_reads_is_accepted(statement: str) -> None:
    check_statement(statement)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("with a as (select 1) insert into t select * from a", "INSERT"),
        ("with a as (select 1)\nUPDATE t set b = 1", "UPDATE"),
        ("with a as (select 1) replace into t select * from a", "INTO"),
        ("select * into x from t", "INTO"),
        ("select 1 from t for update", "UPDATE"),
        ("with a as (select 1)/**/delete from t", "DELETE"),
        ("select 1; select 2", "another one"),
        ("select 1;attach 'x' as y", "another one"),
        ("select 'a'';';drop table t", "another one"),
        ("select 1 -- a comment\n; drop table t", "another one"),
    ],
)
def test_a_statement_that_writes_is_refused(statement: str, reason: str) -> None:
    with pytest.raises(UsageError, match=f"statement: expected .*{reason}"):
        check_statement(statement)


def test_a_quotation_without_an_end_hides_nothing_that_could_run() -> None:
    check_statement("select 'a; drop table t")
