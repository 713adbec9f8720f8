"""Authority: who may release what, and which reasons count."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.respond.authority import Authority, ReasonMissing, optional_reason, required_reason
from aiops.respond.format import Playbook
from tests.playbook_site import playbook as document

TEAM = "team:platform"


def playbook(name: str, approvers: list[str], owners: list[str], **changes: Any) -> Playbook:
    given = {**document("https://ops.example"), "name": name, "owners": owners, **changes}
    return msgspec.convert({**given, "approval": {"approvers": approvers}}, Playbook)


@pytest.fixture
def authority() -> Authority:
    found = [
        playbook("restart", ["user:ann", "oncall"], [TEAM]),
        playbook("drain", ["user:ann", "user:kim"], [TEAM, "team:data"]),
        playbook("by-hand", [], [TEAM], steps=[{"kind": "manual", "name": "look"}]),
        playbook("other", ["user:eve"], ["playbook:restart", "team:other"]),
    ]
    return Authority({one.name: one for one in found}, {TEAM: ["pat"], "oncall": ["bob"], "team:none": ["eve"]})


@pytest.mark.parametrize(
    ("scope", "actor", "may"),
    [
        ("global", "mallory", True),
        ("playbook:drain", "kim", True),
        ("playbook:drain", "bob", False),
        ("playbook:drain", "pat", False),
        # Approvers of each playbook of the team, or its members.
        (TEAM, "ann", True),
        (TEAM, "pat", True),
        (TEAM, "kim", False),
        (TEAM, "bob", False),
        (TEAM, "mallory", False),
        (TEAM, "", False),
        (TEAM, "Ann", False),
        (TEAM, " ann", False),
        # A playbook that names another one as its owner is stopped with it, and has its own say.
        ("playbook:restart", "ann", False),
        ("playbook:by-hand", "ann", False),
    ],
)
def test_who_may_release(authority: Authority, scope: str, actor: str, may: bool) -> None:
    if may:
        authority.may_release(scope, actor)
        return
    with pytest.raises(UsageError, match=f"may not release {scope}"):
        authority.may_release(scope, actor)


@pytest.mark.parametrize(
    ("scope", "meant"),
    [
        ("playbook:gone", None),
        ("", None),
        ("Global", "global"),
        ("playbook:restart ", "playbook:restart"),
        ("TEAM:platform", TEAM),
    ],
)
def test_a_stop_is_not_refused_for_its_capitals_and_a_release_is(
    authority: Authority, scope: str, meant: str | None
) -> None:
    assert authority.scope_of(TEAM, engaged=False) == TEAM
    with pytest.raises(UsageError, match="expected a scope of the catalogue"):
        authority.scope_of(scope, engaged=False)
    if meant is not None:
        assert authority.scope_of(scope, engaged=True) == meant
        return
    with pytest.raises(UsageError, match="expected a scope of the catalogue"):
        authority.scope_of(scope, engaged=True)


def test_a_reason_has_words() -> None:
    for text in ("", " \n", "\u200b", "...", "-"):
        with pytest.raises(ReasonMissing, match="a release needs a reason in words"):
            required_reason(text, "a release")
        assert optional_reason(text) == "no reason given"
    assert required_reason(" 原因 ", "a release") == optional_reason("原因") == "原因"
