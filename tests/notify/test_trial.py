"""Test messages: marked as such, harmless, ended at once, and the first refusal is the answer."""

from __future__ import annotations

from aiops.notify import trial
from aiops.ports import Answer, Message


class Receiver:
    """A sink that keeps what it gets, and answers as it is told."""

    name = "pager"

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.got: list[Message] = []

    def send(self, message: Message) -> Answer:
        self.got.append(message)
        return self.answers.pop(0) if self.answers else Answer(ok=True, status=200, reference="thread-1")


def test_messages_are_an_opening_and_its_end() -> None:
    first, last = trial.messages("pager", "alice", 100.0, "Europe/Berlin")
    assert (first.change, last.change) == ("opened", "resolved")
    assert first.incident.id == last.incident.id != trial.messages("pager", "alice", 100.0, "UTC")[0].incident.id
    assert first.key != last.key
    assert (first.incident.severity, first.zone) == ("info", "Europe/Berlin")
    assert trial.TITLE in str(first.incident.title)
    assert "alice" in str(first.incident.message)


def test_attempt_passes_the_reference_on() -> None:
    sink = Receiver()
    assert trial.attempt(sink, trial.messages("pager", "alice", 100.0, "UTC")).status == 200
    assert [message.reference for message in sink.got] == ["", "thread-1"]


def test_first_refusal_is_the_answer() -> None:
    refused = Answer(ok=False, status=400, reason="HTTP 400: no such key")
    sink = Receiver(refused)
    assert trial.attempt(sink, trial.messages("pager", "alice", 100.0, "UTC")) is refused
    assert len(sink.got) == 1
    late = Receiver(Answer(ok=True, status=202), refused)
    assert trial.attempt(late, trial.messages("pager", "alice", 100.0, "UTC")) is refused
