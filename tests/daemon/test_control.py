"""The control socket: requests, actions, errors, and a directory whose name is too long for a socket."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from aiops.daemon.control import MAX_BYTES, NAME, ControlServer, act, send_request
from aiops.engine.events import Feedback
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError, UsageError
from aiops.records import Action


class Host:
    """A host that applies every action but one of an unknown incident."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.actions: list[Action] = []

    def health(self) -> Mapping[str, Any]:
        return {"status": "ok"}

    def metrics_text(self) -> str:
        return "aiops_conserved 1\n"

    def act(self, action: Action, timeout_s: float) -> Feedback | None:
        self.actions.append(action)
        if action.incident == "busy":
            return None
        return Feedback(1, action.id, action.verb, action.incident != "unknown", "done")

    def silences(self) -> list[Silence]:
        return []


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    # Longer than the 107 bytes that the path of a socket may have.
    directory = tmp_path / ("d" * 120)
    directory.mkdir()
    found = Host(directory)

    def refuse(message: dict[str, Any]) -> dict[str, Any]:
        raise AiopsError(f"no plan for {message['incident']}")

    server = ControlServer(found, {"plan": refuse, "echo": lambda message: {"heard": message["word"]}})
    server.start()
    yield found
    server.stop(20.0)
    assert not (directory / NAME).exists()


def test_health_metrics_and_silences_are_answered(host: Host) -> None:
    assert send_request(host.directory, {"ask": "health"}) == {"health": {"status": "ok"}}
    assert send_request(host.directory, {"ask": "metrics"}) == {"metrics": "aiops_conserved 1\n"}
    assert send_request(host.directory, {"ask": "silences"}) == {"silences": []}


def test_only_the_user_of_the_daemon_may_use_it(host: Host) -> None:
    assert stat.S_IMODE((host.directory / NAME).stat().st_mode) == 0o600


def test_handlers_answer_by_their_name(host: Host) -> None:
    assert send_request(host.directory, {"ask": "echo", "word": "here"}) == {"heard": "here"}
    with pytest.raises(AiopsError, match="no plan for i-1"):
        send_request(host.directory, {"ask": "plan", "incident": "i-1"})


def test_an_action_returns_its_feedback(host: Host) -> None:
    found = act(host.directory, Action(ts=1.0, verb="ack", actor="kim", incident="i-1"))
    assert (found["applied"], host.actions[0].actor) == (True, "kim")
    assert act(host.directory, Action(ts=1.0, verb="ack", incident="unknown"))["applied"] is False
    with pytest.raises(AiopsError, match="did not take it in time"):
        act(host.directory, Action(ts=1.0, verb="ack", incident="busy"))


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ({"ask": "weather"}, "use one of act, health, metrics, silences, echo, plan"),
        ({}, r"request: unknown \(got None\)"),
        ({"ask": "act", "action": {"verb": 7}}, "request: "),
        ({"ask": "act"}, "request: "),
    ],
)
def test_a_wrong_request_is_an_error_with_its_reason(host: Host, message: dict[str, Any], problem: str) -> None:
    with pytest.raises(AiopsError, match=problem):
        send_request(host.directory, message)
    assert host.actions == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff\n", b"[" * 100_000, b'{"ask": "' + b"x" * MAX_BYTES])
def test_hostile_bytes_are_answered_with_an_error(tmp_path: Path, raw: bytes) -> None:
    answer = ControlServer(Host(tmp_path), {}).answer(raw)
    assert set(answer) == {"error"}


def test_without_a_daemon_the_error_names_the_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no daemon answers in"):
        send_request(tmp_path, {"ask": "health"})


def test_a_socket_that_a_crash_left_behind_is_replaced(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("left behind")
    server = ControlServer(Host(tmp_path), {})
    server.start()
    try:
        assert send_request(tmp_path, {"ask": "health"})["health"] == {"status": "ok"}
    finally:
        server.stop(20.0)
