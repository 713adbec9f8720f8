"""The kinds of systems that collectors read."""

from __future__ import annotations

from aiops.respond.collectors import SOURCES
from aiops.respond.read_systems import READ_KINDS, WITHOUT_URL


def test_each_source_has_its_kind_of_system() -> None:
    assert set(READ_KINDS) == set(SOURCES)
    assert set(READ_KINDS) >= WITHOUT_URL
