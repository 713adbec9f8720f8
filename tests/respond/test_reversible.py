"""Reversibility is decided in one place: by the tables of the kinds, and by the operator's word."""

from __future__ import annotations

from types import SimpleNamespace

from aiops.respond.reversible import before_approval, irreversible
from tests.respond.alone import NAME, UNDO, playbook


def test_what_the_operator_vouches_for(samples: SimpleNamespace) -> None:
    assert irreversible(playbook(samples), [NAME]) is None
    assert "may not be undone: its kind 'http'" in str(irreversible(playbook(samples)))
    assert irreversible(playbook(samples, reversible=False), [NAME]) == "it is not declared reversible"
    assert "has no rollback" in str(irreversible(playbook(samples, rollback=[]), [NAME]))
    manual = [UNDO, {"kind": "manual", "name": "look"}]
    assert irreversible(playbook(samples, rollback=manual), [NAME]) == "step 'look' of its rollback is manual"


def test_a_kind_that_knows_needs_nobodys_word(samples: SimpleNamespace) -> None:
    """A GET changes nothing, by the table of its kind."""
    step = {"kind": "http", "name": "look", "url": "https://ops.example", "method": "GET"}
    assert irreversible(playbook(samples, steps=[step], rollback=[])) is None
    assert irreversible(playbook(samples, steps=[step], rollback=[], reversible=False)) is not None


def test_what_follows_an_approval_is_for_people_to_decide(samples: SimpleNamespace) -> None:
    """A GET changes nothing; what `http` posts may not be undone."""
    look = {"kind": "http", "name": "look", "url": "https://ops.example", "method": "GET"}
    act = {"kind": "http", "name": "act", "url": "https://ops.example", "path": ["{{ host }}"]}
    gate = {"kind": "approval", "name": "is it well"}
    assert irreversible(playbook(samples, steps=[look, gate, act], rollback=[], reversible=False)) is None
    assert "step 'act' cannot" in str(irreversible(playbook(samples, steps=[act, gate, look], rollback=[])))
    # Nobody is there to roll back by hand what the engine did before.
    manual = [{"kind": "manual", "name": "undo it"}]
    assert "manual" in str(irreversible(playbook(samples, steps=[look, gate, act], rollback=manual)))
    steps = [look, gate, act, {**gate, "name": "again"}, look]
    assert [one.name for one in before_approval(playbook(samples, steps=steps))] == ["look"]
