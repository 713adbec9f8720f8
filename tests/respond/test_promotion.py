"""Promotion shows where a playbook stands and what is missing; back is always possible."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from msgspec import structs

from aiops.errors import UsageError
from aiops.respond.guard_case import MODES
from aiops.respond.history import History, Level
from aiops.respond.promotion import may_set, promotion_of
from tests.respond.alone import AT, NAME, Alone, lowered, playbook, policy, proven


@pytest.fixture
def alone(samples: SimpleNamespace) -> Alone:
    return Alone(samples)


def test_a_promoted_playbook_lacks_nothing(alone: Alone) -> None:
    found = promotion_of(alone.book, alone.history, alone.policy)
    assert (found.mode, found.next, found.missing, found.evidence.judged) == ("auto", None, [], 20)


def test_all_that_is_missing_is_named_at_once(samples: SimpleNamespace) -> None:
    book = playbook(samples, reversible=False, verify=[])
    found = promotion_of(book, History(), policy(ceiling="approve"))
    assert (found.mode, found.next) == ("approve", "auto")
    text = "; ".join(found.missing)
    for word in ("ceiling is approve", "not declared reversible", "nothing that the engine can check", "0 judged runs"):
        assert word in text
    with pytest.raises(UsageError, match="cannot be promoted to auto"):
        may_set(book, "auto", History(), policy(ceiling="approve"))


def test_the_author_is_never_overruled(samples: SimpleNamespace) -> None:
    book = playbook(samples, mode="suggest")
    with pytest.raises(UsageError, match="its author wrote mode suggest"):
        may_set(book, "auto", proven(book), policy())
    assert promotion_of(book, proven(book), policy()).mode == "suggest"


def test_promotion_needs_evidence_and_demotion_nothing(alone: Alone) -> None:
    lowered(alone, playbooks=[])
    may_set(alone.book, "auto", alone.history, alone.policy)
    for mode in MODES[:2]:
        may_set(alone.book, mode, History(), alone.policy)
    with pytest.raises(UsageError, match="20 are needed"):
        may_set(alone.book, "auto", proven(alone.book, 19), alone.policy)
    with pytest.raises(UsageError, match="expected a mode"):
        may_set(alone.book, "always", alone.history, alone.policy)  # type: ignore[arg-type]


def test_what_nobody_promoted_says_how(alone: Alone) -> None:
    lowered(alone, playbooks=[])
    found = promotion_of(alone.book, alone.history, alone.policy)
    assert found.missing == [f"nobody promoted it to auto (`aiops playbooks promote {NAME} --to auto`)"]
    alone.history.levels[NAME] = Level("suggest", AT, "ann", "hands off")
    found = promotion_of(alone.book, alone.history, alone.policy)
    assert (found.mode, found.next, found.moved) == ("suggest", "approve", Level("suggest", AT, "ann", "hands off"))
    assert "nobody promoted it to approve" in found.missing[0]


def test_shadow_is_for_playbooks_that_could_run_alone(samples: SimpleNamespace) -> None:
    shadow = structs.replace(policy(), mode="shadow")
    assert promotion_of(playbook(samples), History(), shadow).shadow
    assert not promotion_of(playbook(samples, mode="approve"), History(), shadow).shadow
