"""A step that waits for people stands among steps only, sends nothing by itself, and has its bounds in the plan."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.respond.approval_kind import APPROVAL, ApprovalKind, ApprovalStep
from aiops.respond.local_transport import LocalTransport
from aiops.step_kinds.exchange import Prepared, Reply
from aiops.testing.steps import check_step_kind

KIND = ApprovalKind()


def prepared(**given: Any) -> Prepared:
    return KIND.prepare(msgspec.convert({"kind": "approval", "name": "look", **given}, ApprovalStep), {}, None)


def test_the_kit_accepts_it() -> None:
    check_step_kind(KIND)
    assert KIND.places == {"step"}


def test_all_of_it_is_in_the_plan() -> None:
    made = prepared(text="Read the check.", approvers=["team:dba"], quorum=2, timeout="1h", onTimeout="drop")
    assert made.url == APPROVAL
    assert made.body == {
        "text": "Read the check.",
        "approvers": ["team:dba"],
        "quorum": 2,
        "timeout": "1h",
        "seconds": 3600.0,
        "onTimeout": "drop",
    }


@pytest.mark.parametrize(
    ("given", "problem"),
    [({"timeout": "25h"}, "up to"), ({"timeout": "0s"}, "up to"), ({"text": "for {{ host }}"}, "no placeholder")],
)
def test_what_is_out_of_bounds_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        prepared(**given)


@pytest.mark.parametrize("given", [{"quorum": 0}, {"quorum": 11}, {"onTimeout": "approve"}, {"approvers": [""]}])
def test_no_form_approves_by_silence(given: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        prepared(**given)


def test_transport_never_answers_for_people() -> None:
    class Others:
        def send(self, *given: Any) -> Reply:
            raise AssertionError

        def close(self) -> None: ...

    reply = LocalTransport(Others()).send(prepared(), "key", lambda: True)
    assert (reply.sent, reply.status) == (False, 0)
