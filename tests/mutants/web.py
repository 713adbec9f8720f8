"""Mutants of who may do what over HTTP: tokens, sessions, signatures."""

from __future__ import annotations

from tests.mutants.model import Mutant

MUTANTS: list[Mutant] = []
