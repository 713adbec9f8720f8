"""Operator actions: into the inbox, and the engine's answer back to whoever waits."""

from __future__ import annotations

import threading

from aiops.daemon.operator_actions import OperatorActions
from aiops.engine.events import Feedback
from aiops.ports import Received
from aiops.records import Action
from tests.waiting import eventually


class Inbox:
    """Keeps what is put, and may be full."""

    def __init__(self) -> None:
        self.full = False
        self.got: list[Action] = []

    def put(self, received: Received, timeout_s: float) -> bool:
        if self.full:
            return False
        self.got += [record for record in received.records if isinstance(record, Action)]
        return True


def feedback(id: str, applied: bool = True) -> Feedback:
    return Feedback(seq=1, id=id, verb="acknowledge", applied=applied, reason="done")


def test_answer_reaches_the_one_who_waits_for_it() -> None:
    inbox, answers = Inbox(), dict[str, Feedback | None]()
    actions = OperatorActions(inbox, lambda: 77.0)

    def ask(name: str) -> None:
        answers[name] = actions.act(Action(ts=0.0, verb="acknowledge", id=name), 60.0)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    eventually(lambda: len(inbox.got) == 2)
    actions.answer([feedback("b", applied=False), feedback("nobody"), feedback("a")])
    for thread in threads:
        thread.join(60)
    assert {name: answer.applied for name, answer in answers.items() if answer} == {"a": True, "b": False}
    assert {action.ts for action in inbox.got} == {77.0}


def test_full_inbox_is_no_answer() -> None:
    inbox = Inbox()
    inbox.full = True
    actions = OperatorActions(inbox, lambda: 1.0)
    assert actions.act(Action(ts=5.0, verb="resolve"), 60.0) is None


def test_engine_that_does_not_answer_in_time_is_none_and_is_not_waited_for_any_more() -> None:
    inbox = Inbox()
    actions = OperatorActions(inbox, lambda: 1.0)
    action = Action(ts=5.0, verb="resolve")
    assert actions.act(action, 0.001) is None
    assert action.ts == 5.0, "a time that is given stays"
    assert action.id.startswith("act:")
    actions.answer([feedback(action.id)])
    assert actions._waiting == {}


def test_answer_that_comes_twice_is_one() -> None:
    class Quick(Inbox):
        def put(self, received: Received, timeout_s: float) -> bool:
            for _ in range(2):
                actions.answer([feedback(received.records[0].id)])
            return True

    inbox = Quick()
    actions = OperatorActions(inbox, lambda: 1.0)
    found = actions.act(Action(ts=1.0, verb="resolve"), 60.0)
    assert found is not None
    assert found.reason == "done"


def test_actions_without_a_name_get_different_ones() -> None:
    inbox = Inbox()
    actions = OperatorActions(inbox, lambda: 1.0)
    for _ in range(5):
        actions.act(Action(ts=1.0, verb="resolve"), 0.0)
    assert len({action.id for action in inbox.got}) == 5
