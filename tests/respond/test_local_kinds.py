"""`wait`, `notify` and `exec`: bounded, fixed texts, whole arguments."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.respond.calls import Call, calls_of, missing_system
from aiops.respond.history import History, Run
from aiops.respond.local_kinds import Exec, ExecKind, ExecOptions, Notify, NotifyKind, Wait, WaitKind, notice_of
from aiops.respond.parameters import Values
from aiops.respond.rollback import Rollback
from aiops.step_kinds.exchange import Reply
from aiops.step_kinds.systems import System
from tests.respond.scripted import Scripted, keyed

HOST = System("exec", "exec", "aiops:exec", options=ExecOptions(["/bin/echo"]))


def calls(samples: Any, *steps: Any) -> list[Call]:
    """The requests of a playbook with these steps on one target."""
    book = msgspec.structs.replace(samples.playbook(), steps=list(steps))
    return calls_of(book, ["a"], [Values({"host": "a"}, {})], {"exec": HOST})


@pytest.mark.parametrize("duration", ["61m", "0s", "2h"])
def test_a_wait_is_bounded(duration: str) -> None:
    with pytest.raises(UsageError, match="duration: expected up to 3600 s"):
        WaitKind().prepare(Wait(name="wait", duration=duration), {}, None)


def test_a_wait_is_a_pause_of_its_length_and_touches_nothing(samples: Any) -> None:
    run = Scripted()
    outcome = run.execution.run(keyed(*calls(samples, Wait(name="settle", duration="90s"))))
    assert (outcome.state, run.pauses, run.run.touched) == ("executed", [90.0], [])
    assert run.sent == ["aiops:wait", "aiops:wait"]


def test_a_stop_during_a_wait_leaves_nothing_to_roll_back(samples: Any) -> None:
    run = Scripted()
    run.stop_before(1)
    planned = keyed(*calls(samples, Wait(name="settle")))
    undo = keyed(msgspec.structs.replace(planned[0][0], phase="rollback", place="rollback 0"))
    Rollback(run.run, run.execution, undo, [], History()).after(run.execution.run(planned))
    assert (run.last("ended")["state"], run.last("ended")["rollback"]) == ("stopped", "")


def test_what_was_not_sent_of_a_wait_is_no_touched_target() -> None:
    history = History()
    history.begin(Run("r", "p", "1", "i", ["a"], 0.0), [])
    data = {"run": "r", "key": "k", "place": "step 0", "target": "a", "request": {"touches": False}}
    history._intend(0.0, data)
    history._answer(0.0, data | {"sent": False, "first": False, "problem": "not sent"})
    assert (history.runs["r"].touched, history.runs["r"].keys) == ([], [])


def test_a_notice_is_said_by_the_line_of_its_outcome(samples: Any) -> None:
    step = Notify(name="team", text="The worker is replaced.", values={"host": "{{ host }}", "now": True})
    run = Scripted()
    outcome = run.execution.run(keyed(*calls(samples, step)))
    assert outcome.state == "executed"
    assert run.last("outcome")["say"] == "The worker is replaced. (host: a, now: true)"
    assert run.last("outcome")["incident"] == "i1"
    assert notice_of({"text": "x", "values": {}}) == "x"


def test_a_notice_that_is_not_made_is_not_said(samples: Any) -> None:
    run = Scripted(Reply(500))
    run.execution.run(keyed(*calls(samples, Notify(name="team", text="x"))))
    assert "say" not in run.last("outcome")


def test_the_text_of_a_notice_has_no_placeholder() -> None:
    with pytest.raises(UsageError, match="expected no placeholder"):
        NotifyKind().prepare(Notify(name="team", text="{{ host }} is replaced"), {"host": "a"}, None)


@pytest.mark.parametrize("program", ["echo", "{{ host }}", "/bin/../bin/echo", "./echo", "", 7, "/bin/echo\n"])
def test_a_program_is_an_absolute_path_without_placeholder(program: Any) -> None:
    with pytest.raises(UsageError, match=r"argv\[0\]: expected the absolute path"):
        ExecKind().prepare(Exec(name="run", argv=[program]), {"host": "/bin/echo"}, None)


def test_a_program_that_the_operator_did_not_name_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'/bin/rm' is not among the programs of respond.exec \(/bin/echo\)"):
        ExecKind().prepare(Exec(name="run", argv=["/bin/rm"]), {}, HOST)


@pytest.mark.parametrize("value", ["-rf", "--", -1, "a\0b"])
def test_a_value_is_no_option(value: Any) -> None:
    step = Exec(name="run", argv=["/bin/echo", "-n", "{{ x }}"])
    with pytest.raises(UsageError, match="does not begin with '-'"):
        ExecKind().prepare(step, {"x": value}, HOST)
    assert ExecKind().prepare(step, {"x": "a b; c"}, HOST).body == {"argv": ["/bin/echo", "-n", "a b; c"]}


def test_a_value_is_one_argument_of_a_bounded_program() -> None:
    with pytest.raises(UsageError, match="timeout: expected up to 300 s"):
        ExecKind().prepare(Exec(name="run", argv=["/bin/echo"], timeout="6m"), {}, HOST)


def test_exec_is_off_until_the_operator_names_programs() -> None:
    step = Exec(name="run", argv=["/bin/echo"])
    assert missing_system(step, {}) == "programs are not run: name those that may be in respond.exec"
    assert missing_system(step, {"exec": HOST}) is None
