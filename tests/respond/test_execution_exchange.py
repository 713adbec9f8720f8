"""A step with reads, a dry run, values of answers and progress: each in its turn, each a reason not to go on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops.respond.audit import Entry
from aiops.respond.calls import Call, calls_of
from aiops.respond.history import History, step_place
from aiops.respond.parameters import Values
from aiops.respond.rollback import Rollback
from aiops.step_kinds.exchange import Reply, Request
from tests.respond.sample_kind import Recycle, recycling, system
from tests.respond.scripted import Scripted, keyed

READ = Reply(200, body=b'{"version": 7, "spec": {"env": "a secret"}}')
TRIED, MADE = Reply(200), Reply(200, body=b'{"job": "j-1"}')
WORKING, READY, BROKEN = (Reply(200, body=b'{"state": "%s"}' % state) for state in (b"busy", b"ready", b"broken"))
URLS = ["https://pool.example/workers/a", "https://pool.example/workers/a?dry=1", "https://pool.example/workers/a"]
JOB = "https://pool.example/jobs/j-1"


@pytest.fixture
def calls(samples: Any) -> Iterator[list[Call]]:
    """The requests of a playbook with one step that has everything."""
    with recycling():
        book = msgspec.structs.replace(samples.playbook(), steps=[Recycle(name="recycle it", worker="{{ host }}")])
        yield calls_of(book, ["a"], [Values({"host": "a"}, {})], {"pool": system()})


def test_a_plan_has_the_undo_of_a_step(calls: list[Call]) -> None:
    step, undo = calls
    assert (undo.phase, undo.place, undo.undoes, undo.method) == ("rollback", "rollback 0", "step 0", "DELETE")
    assert str(undo) == "rollback undo recycle it on a"
    assert step.reads
    assert [undo.reads, undo.dry_run, undo.poll, undo.undo] == [[], None, None, None]


def test_reads_then_dry_run_then_change_then_progress(calls: list[Call]) -> None:
    run = Scripted(READ, TRIED, MADE, WORKING, Reply(503), Reply(error="no answer"), READY)
    outcome = run.execution.run(keyed(calls[0]))
    assert (outcome.state, outcome.done) == ("executed", ["recycle it on a: done"])
    assert run.sent == [*URLS, *[JOB] * 4]
    assert run.pauses == [5.0] * 4
    assert run.kinds() == ["asked", "asked", "intent", "outcome", "asked"]
    assert run.last("outcome")["taken"] == {"version": 7, "job": "j-1"}
    assert "a secret" not in str(run.lines)


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ([Reply(404)], "the read before it failed: status 404"),
        ([Reply(200, body=b'{"owner": "gitops"}')], "managed by GitOps"),
        ([Reply(200, body=b"[]")], "no 'version'"),
        ([Reply(200, body=b'{"version": "x/y", "spec": 1}')], "the version of the worker (version): expected"),
        ([READ, Reply(422)], "its dry run failed: status 422"),
        ([READ, Reply(200, body=b'{"would": "recycle all"}')], "it would recycle more than version 7"),
    ],
)
def test_nothing_is_changed_if_what_comes_before_fails(calls: list[Call], replies: list[Reply], why: str) -> None:
    run = Scripted(*replies)
    outcome = run.execution.run(keyed(calls[0]))
    assert (outcome.state, outcome.done, outcome.left) == ("failed", [], ["recycle it on a"])
    assert why in outcome.why
    assert "intent" not in run.kinds()
    assert run.run.touched == []
    assert len(run.sent) == len(replies)


@pytest.mark.parametrize(
    ("replies", "why", "sent"),
    [
        ([Reply(200, body=b'{"job": "../admin"}')], "accepted, but its answer cannot be used", 3),
        ([Reply(200)], "accepted, but its answer lacks the id of the job", 3),
        ([MADE, BROKEN], "the job is broken", 4),
        ([MADE, Reply(404)], "the job is 404", 4),
        ([MADE, *[WORKING] * 9], "accepted, and not done within 20 s: the job is busy", 8),
        ([MADE, *[Reply(500)] * 9], "accepted, and not done within 20 s: status 500", 8),
    ],
)
def test_a_change_that_does_not_work_fails(calls: list[Call], replies: list[Reply], why: str, sent: int) -> None:
    run = Scripted(READ, TRIED, *replies)
    outcome = run.execution.run(keyed(calls[0]))
    assert outcome.state == "failed"
    assert why in outcome.why
    assert len(run.sent) == sent


@pytest.mark.parametrize("count", range(6))
def test_a_stop_is_read_before_each_request(calls: list[Call], count: int) -> None:
    run = Scripted(READ, TRIED, MADE, WORKING, WORKING, READY)
    run.stop_before(count)
    outcome = run.execution.run(keyed(calls[0]))
    assert outcome.state == "stopped"
    assert len(run.sent) == count
    assert run.last("outcome")["sent"] is (count > 2) if count >= 2 else "outcome" not in run.kinds()
    if count > 2:
        assert "it is not known whether it worked: kill switch global is engaged" in outcome.why
        assert len(run.pauses) == count - 1, "a pause after the stop"


def test_an_undo_uses_what_its_step_took(calls: list[Call]) -> None:
    run = Scripted()
    sent = run.execution.send(calls[1], "key", {"job": "j-1", "version": 7})
    assert (sent.problem, run.sent) == (None, [JOB])
    lacking = run.execution.send(calls[1], "key", {})
    assert (lacking.was_sent, lacking.problem) == (False, "not sent: the answer of the system had no 'job'")


def test_a_kind_that_is_gone_stops_its_step(calls: list[Call]) -> None:
    run = Scripted(READ)
    sent = run.execution.send(msgspec.structs.replace(calls[0], kind="gone"), "key")
    assert (sent.was_sent, sent.problem) == (False, "not sent: the kind of step 'gone' is not installed")
    assert step_place("step 0", "a") == "step 0 on a"


def test_only_steps_that_were_sent_are_undone(samples: Any, calls: list[Call]) -> None:
    """The dry run of the second of two steps fails: only the first is undone, with the job that it started."""
    steps = [Recycle(name=name, worker="{{ host }}") for name in ("first", "second")]
    book = msgspec.structs.replace(samples.playbook(), steps=steps)
    planned = keyed(*calls_of(book, ["a"], [Values({"host": "a"}, {})], {"pool": system()}))
    assert [str(call) for call, _ in planned][2:] == ["rollback undo second on a", "rollback undo first on a"]
    run, history = Scripted(READ, TRIED, MADE, READY, READ, Reply(422)), History()
    history.runs[run.run.id] = run.run
    run.heard = lambda kind, data: history.apply(Entry(0, 0.0, kind, data, ""))
    rollback = Rollback(run.run, run.execution, [one for one in planned if one[0].phase == "rollback"], [], history)
    rollback.after(run.execution.run(planned))
    assert run.sent[6:] == [JOB]
    assert run.last("rollback")["done"] == ["rollback undo first on a: accepted"]


def test_a_later_read_uses_what_an_earlier_one_found(calls: list[Call]) -> None:
    jobs = Request("GET", "https://pool.example/jobs?version={version}", statuses=[200])
    call = msgspec.structs.replace(calls[0], reads=[*calls[0].reads, jobs])
    run = Scripted(READ, Reply(200), TRIED, MADE, READY)
    assert run.execution.run(keyed(call)).state == "executed"
    assert run.sent[:2] == [URLS[0], "https://pool.example/jobs?version=7"]
    run = Scripted(Reply(200, body=b'{"version": "x&all=1"}'))
    assert "the version of the worker (version): expected" in run.execution.run(keyed(call)).why
    assert run.sent == URLS[:1]


HOSTILE = st.sampled_from(
    ["", "../admin", "j-1", "a?b=c", "a#b", "https://evil.example", "{job}", "%2e%2e", "x" * 99, 7]
)
ANSWERS = st.fixed_dictionaries({}, optional=dict.fromkeys(("version", "spec", "job", "owner"), HOSTILE))
STATES = st.fixed_dictionaries({"state": st.sampled_from(["busy", "ready", "broken", None])})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([200, 200, 200, 404, 500]), ANSWERS | STATES), max_size=8))
def test_whatever_a_system_answers_only_requests_of_the_plan_are_sent(calls: list[Call], answers: list[Any]) -> None:
    run = Scripted(*[Reply(status, body=json.dumps(body).encode()) for status, body in answers])
    taken: dict[str, Any] = {}
    run.heard = lambda kind, data: taken.update(data.get("taken", {}))
    run.execution.run(keyed(calls[0]))
    run.execution.send(calls[1], "key", taken)
    planned = [*(re.escape(url) for url in set(URLS)), r"https://pool\.example/jobs/[a-z0-9-]{1,20}"]
    assert all(any(re.fullmatch(one, url) for one in planned) for url in run.sent), run.sent
