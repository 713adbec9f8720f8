"""Pieces of an incident, and foreign alerts."""

from __future__ import annotations

from aiops.score import Pieces, pieces


def test_perfect_grouping_has_one_piece_each_and_no_stranger() -> None:
    assert pieces(["a", "b", "a", None], [1, 2, 1, 1]) == Pieces(1.0, 0.0)


def test_incident_in_two_clusters_has_two_pieces() -> None:
    assert pieces(["a", "a", "b"], [1, 2, 3]) == Pieces(1.5, 0.0)


def test_cluster_belongs_to_the_incident_that_began_it() -> None:
    assert pieces([None, "b", "a", "a", "a"], [1, 1, 1, 1, 1]) == Pieces(1.0, 0.75)


def test_without_labels_there_is_nothing_to_measure() -> None:
    assert pieces([None], [1]) == Pieces(None, None)
