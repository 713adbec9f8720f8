"""Requests of a run: their order, their keys, and the digest that an approval is for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.respond.calls import ID_CHARS, Call, by_hand, calls_of, digest, executable, key_of
from aiops.respond.format import Playbook
from aiops.respond.http_kinds import Http, Webhook
from aiops.respond.parameters import Values
from aiops.respond.steps import AlertResolved, Manual
from aiops.testing.receiver import Receiver
from tests.respond.bench import post

TEXT = st.text("abc/", min_size=1, max_size=3)


STEP = st.builds(
    lambda name, method, body: {
        "kind": "http",
        "name": name,
        "url": "https://ops.example",
        "method": method,
        "body": body,
    },
    TEXT,
    st.sampled_from(["POST", "PUT"]),
    st.one_of(TEXT, st.just("{{ host }}")),
)


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(STEP, min_size=1, max_size=3),
    rollback=st.lists(STEP, max_size=2),
    targets=st.lists(TEXT, min_size=1, max_size=2, unique=True),
    again=st.lists(TEXT, min_size=1, max_size=2, unique=True),
    moved=st.booleans(),
)
def test_two_plans_have_one_id_only_if_they_send_the_same(
    samples: SimpleNamespace, steps: Any, rollback: Any, targets: list[str], again: list[str], moved: bool
) -> None:
    def plan(book: Playbook, chosen: list[str]) -> tuple[str, list[Call]]:
        values = [Values({"host": target}, {}) for target in chosen]
        calls = calls_of(book, chosen, values)
        return digest(book, "i1", chosen, values, calls), calls

    one = samples.playbook(steps=steps, rollback=rollback)
    # A step moved from the end of the steps to the beginning of the rollback sends the same, at another time.
    move = moved and len(steps) > 1
    other = samples.playbook(steps=steps[:-1] if move else steps, rollback=[steps[-1], *rollback] if move else rollback)
    (first, sent), (second, too) = plan(one, targets), plan(other, again)
    assert (first == second) == (sent == too and not move)


def test_each_part_of_a_plan_counts(samples: SimpleNamespace, receiver: Receiver) -> None:
    """Also where the other parts are the same, as after an upgrade that renders a step differently."""
    book, values = samples.playbook(rollback=[post(receiver, "undo")]), [Values({"host": "worker-1"}, {})]
    calls = calls_of(book, ["worker-1"], values)
    ids = {
        digest(book, "i1", ["worker-1"], values, calls),
        digest(samples.playbook(), "i1", ["worker-1"], values, calls),
        digest(book, "i2", ["worker-1"], values, calls),
        digest(book, "i1", ["worker-2"], values, calls),
        digest(book, "i1", ["worker-1"], [Values({"host": "worker-2"}, {})], calls),
        digest(book, "i1", ["worker-1"], values, calls[::-1]),
        digest(book, "i1", ["worker-1"], values, calls[:-1]),
    }
    assert len(ids) == 7


def step(name: str = "restart", **more: Any) -> dict[str, Any]:
    return {"kind": "http", "name": name, "url": "https://ops.example", "path": ["{{ host }}"], **more}


def values(*hosts: str) -> list[Values]:
    return [Values({"host": host}, {}) for host in hosts]


def test_rollback_takes_the_last_target_first(samples: SimpleNamespace) -> None:
    book = samples.playbook(steps=[step()], rollback=[step("one"), step("two")])
    calls = calls_of(book, ["a", "b"], values("a", "b"))
    assert [str(call) for call in calls] == [
        "restart on a",
        "restart on b",
        "rollback one on b",
        "rollback two on b",
        "rollback one on a",
        "rollback two on a",
    ]
    assert [call.place for call in calls] == [
        "step 0",
        "step 0",
        "rollback 0",
        "rollback 1",
        "rollback 0",
        "rollback 1",
    ]


def test_target_without_a_value_has_no_requests(samples: SimpleNamespace) -> None:
    book = samples.playbook(steps=[step()])
    calls = calls_of(book, ["a", "b"], [Values({"host": "a"}, {}), Values({}, {"host": "no value was found"})])
    assert [call.target for call in calls] == ["a"]


def test_value_that_does_not_fit_its_place_is_refused(samples: SimpleNamespace) -> None:
    with pytest.raises(UsageError, match="path segment"):
        calls_of(samples.playbook(steps=[step()]), ["x"], values(".."))


def test_only_requests_are_sent_and_manual_steps_are_named() -> None:
    steps: list[Any] = [
        Manual(name="look"),
        Http(name="a", url="https://x"),
        Webhook(name="b", url="https://x"),
        AlertResolved(),
    ]
    assert [one.name for one in executable(steps)] == ["a", "b"]
    assert by_hand(steps) == ["look"]


def test_only_an_idempotent_step_has_more_than_one_attempt(samples: SimpleNamespace) -> None:
    """The lint refuses the other; whatever gets past it is sent once."""
    book = samples.playbook(steps=[step("once", attempts=5), step("often", attempts=5, idempotent=True)])
    assert [call.attempts for call in calls_of(book, ["a"], values("a"))] == [1, 5]


def test_keys_tell_requests_incidents_and_versions_apart(samples: SimpleNamespace) -> None:
    book = samples.playbook(steps=[step("one"), step("two")])
    newer = samples.playbook(steps=[step("one"), step("two")], version="1.0.1")
    [first, second] = calls_of(book, ["a"], values("a"))
    [elsewhere, _] = calls_of(book, ["b"], values("b"))
    keys = [
        key_of(book, "i1", first),
        key_of(book, "i1", second),
        key_of(book, "i1", elsewhere),
        key_of(book, "i2", first),
        key_of(newer, "i1", first),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of(book, "i1", calls_of(book, ["a"], values("a"))[0]) == keys[0]


def test_missing_values_count_in_the_digest(samples: SimpleNamespace) -> None:
    book = samples.playbook()
    ids = {
        digest(book, "i", ["a"], [Values({}, {"host": "why"})], []),
        digest(book, "i", ["a"], [Values({}, {"host": "other"})], []),
        digest(book, "i", ["a"], [Values({"host": "why"}, {})], []),
        digest(book, "i", [], [], []),
    }
    assert len(ids) == 4
    assert all(len(one) == ID_CHARS for one in ids)


def test_call_goes_through_json_unchanged(samples: SimpleNamespace) -> None:
    """The trail holds what a run may still send; after a restart exactly that is sent."""
    book = samples.playbook(steps=[step(body={"n": [1, None, True, "x"]}, secret="ops", headers={"X-A": "b"})])
    calls = calls_of(book, ["a"], values("a"))
    assert msgspec.json.decode(msgspec.json.encode(calls), type=list[Call]) == calls
