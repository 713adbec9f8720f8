"""A run's record has each request with its answer, from a real trail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aiops.respond.audit import Trail
from aiops.respond.guard_case import GuardCheck
from aiops.respond.run_record import MAX_LINES, read_record
from aiops.respond.run_states import Run

AT = 1_700_000_000.0
RUN = Run("r1", "restart", "1.0.0", "inc-1", ["web-1"], AT, plan="plan-1", actor="alice")
REQUEST = {
    "name": "restart",
    "method": "POST",
    "url": "http://web-1/restart",
    "body": {"by": "aiops"},
    "secret": "token",
}


def write(path: Path, *lines: tuple[str, dict[str, Any]]) -> Path:
    trail = Trail(path / "audit.jsonl")
    for number, (kind, data) in enumerate(lines):
        trail.append(kind, AT + number, data)
    trail.close()
    return path / "audit.jsonl"


def place(key: str = "k1") -> dict[str, Any]:
    return {"run": "r1", "key": key, "place": "step 0", "target": "web-1"}


def test_a_request_has_its_answer_and_the_person_who_approved_it(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ("approval", {"plan": "plan-1", "actor": "alice", "playbook": "restart", "incident": "inc-1"}),
        ("run", {"run": "r1", "plan": "plan-1", "actor": "alice", "requests": [REQUEST]}),
        ("intent", place() | {"request": REQUEST}),
        ("outcome", place() | {"status": 503, "problem": "status 503", "excerpt": "busy <b>", "sent": True}),
        ("ended", {"run": "r1", "state": "failed", "why": "restart on web-1: status 503"}),
        ("rollback", {"run": "r1", "state": "done", "why": ""}),
    )
    record = read_record(path, RUN)
    [exchange] = record.exchanges
    assert (exchange.url, exchange.status, exchange.problem, exchange.excerpt) == (
        "http://web-1/restart",
        503,
        "status 503",
        "busy <b>",
    )
    assert exchange.answered_at == AT + 3
    assert [(step.text, step.actor) for step in record.steps] == [
        ("approved", "alice"),
        ("started with 1 planned request", "alice"),
        ("failed: restart on web-1: status 503", ""),
        ("rollback done", ""),
    ]
    assert record.requests == [REQUEST]


@pytest.mark.parametrize("written", [[{"guard": "age", "state": "passed", "reason": "holds", "number": 3}], [7], None])
def test_the_guards_at_its_start_are_kept_and_those_of_another_release_are_not(tmp_path: Path, written: Any) -> None:
    record = read_record(write(tmp_path, ("run", {"run": "r1", "requests": [], "guards": written})), RUN)
    expected = [GuardCheck("age", "passed", "holds", "", 3)] if written and written != [7] else []
    assert (record.guards, len(record.steps)) == (expected, 1)


def test_a_check_is_one_line_with_its_answer(tmp_path: Path) -> None:
    path = write(
        tmp_path, ("asked", place("") | {"status": 200, "problem": None, "request": REQUEST | {"method": "GET"}})
    )
    [exchange] = read_record(path, RUN).exchanges
    assert (exchange.method, exchange.status, exchange.key) == ("GET", 200, "")


def test_lines_of_other_runs_are_left_out_even_if_their_text_names_this_one(tmp_path: Path) -> None:
    other = {"run": "r2", "state": "failed", "why": '"r1"', "plan": "plan-2"}
    path = write(tmp_path, ("ended", other), ("refused", {"plan": "plan-1", "guard": "age", "reason": "too young"}))
    assert [step.text for step in read_record(path, RUN).steps] == ["refused by the guard age: too young"]


def test_a_request_without_an_answer_stays_open(tmp_path: Path) -> None:
    [exchange] = read_record(write(tmp_path, ("intent", place() | {"request": REQUEST})), RUN).exchanges
    assert exchange.answered_at is None


def test_a_trail_that_is_gone_or_broken_gives_what_can_be_read(tmp_path: Path) -> None:
    assert read_record(tmp_path / "none", RUN).steps == []
    path = write(tmp_path, ("ended", {"run": "r1", "state": "failed", "why": ""}))
    path.write_bytes(path.read_bytes() + b'{"run": "r1"\n')
    assert [step.text for step in read_record(path, RUN).steps] == ["failed"]


def test_a_record_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    line = write(tmp_path, ("ended", {"run": "r1", "state": "failed", "why": ""})).read_bytes()
    path.write_bytes(line * (MAX_LINES + 1))
    record = read_record(path, RUN)
    assert len(record.steps) == MAX_LINES
    assert not record.is_whole
