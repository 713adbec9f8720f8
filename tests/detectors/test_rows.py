"""Feature rows of an archive, and the marks of labelled incidents on them."""

from __future__ import annotations

from aiops.detectors.rows import feature_rows
from tests.cli.storms import storm


def test_rows_are_marked_where_the_labelled_alerts_are() -> None:
    gathered = feature_rows(storm(800))
    marked = [row for row, mark in zip(gathered.rows, gathered.marked, strict=True) if mark]
    assert 1 <= len(marked) <= 6
    assert max(row.types for row in marked) >= 15
    assert len(gathered.values()) == len(gathered.rows)


def test_an_archive_without_labels_is_not_labelled() -> None:
    found = feature_rows([one for one in storm(300) if one.truth is None])
    assert not found.labelled
    assert not any(found.marked)
