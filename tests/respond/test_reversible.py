"""Reversibility is decided in one place: by the tables of the kinds, and by the operator's word."""

from __future__ import annotations

from types import SimpleNamespace

from aiops.respond.reversible import irreversible
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
