"""The rail: links to the pages that there are, and the one where the reader is."""

from __future__ import annotations

from aiops.pages.frame import Counts
from aiops.pages.rail import ENTRIES, rail


def test_only_pages_that_there_are_stand_in_the_rail() -> None:
    found = rail({"/", "/silences"}, "/", None)
    assert [one.entry.path for one in found] == ["/", "/silences"]
    assert rail(set(), "/", None) == []


def test_a_page_below_another_belongs_to_its_entry() -> None:
    paths = {one.path for one in ENTRIES}
    for here, current in (
        ("/", "/"),
        ("/incidents/inc-1", "/"),
        ("/silences", "/silences"),
        ("/playbooks/x", "/playbooks"),
        ("/alertsx", None),
    ):
        assert [one.entry.path for one in rail(paths, here, None) if one.current] == ([current] if current else []), (
            here
        )


def test_counts_stand_beside_their_entries() -> None:
    found = {one.entry.path: one.count for one in rail({"/", "/silences", "/deliveries"}, "/", Counts(6, 2, 1))}
    assert found == {"/": 6, "/silences": 2, "/deliveries": 1}
    assert [one.path for one in ENTRIES if one.urgent] == ["/deliveries"]
