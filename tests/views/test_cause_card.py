"""The card of the cause: suspects, changes, choices."""

from __future__ import annotations

from aiops.records import Cause, RootCause
from aiops.views.cause_card import MAX_CHOICES, MAX_OTHERS, cause_card
from tests.views.sample import DEPLOY, GRAPH, PATH, incident

NOT_YET = {"outcomes": 3, "needed": 10, "hits": 3, "kept": 3}


def test_clear_cause_has_evidence_changes_and_the_way_to_what_is_hurt() -> None:
    card = cause_card(incident(), GRAPH, NOT_YET)
    assert card.is_clear
    assert card.certainty is not None
    assert card.certainty.text == "clear lead, not yet checked here"
    assert [one.entity for one in card.suspects] == ["payments-api", "payments-db"]
    assert (card.suspects[0].kind, card.suspects[1].kind) == ("service", "database")
    [change] = card.changes
    assert (change.what, change.when, change.url) == ("Deploy 8.14.6", "24 s before the first alert", DEPLOY.url)
    assert len(card.paths) == 2


def test_bars_of_all_suspects_have_one_scale() -> None:
    card = cause_card(incident(), GRAPH, None)
    assert card.suspects[0].evidence[0].share == 1.0
    assert card.suspects[1].evidence[0].share == 0.25


def test_unclear_cause_names_no_way() -> None:
    card = cause_card(incident(causes=[Cause("a", 1.0), Cause("b", 0.9)]), GRAPH, NOT_YET)
    assert (card.is_clear, card.paths) == (False, [])
    assert len(card.suspects) == 2


def test_confirmed_cause_stands_first_even_if_it_was_not_ranked() -> None:
    card = cause_card(incident(root_cause=RootCause("payments-queue")), GRAPH, NOT_YET)
    assert (card.confirmed, card.suspects[0].entity, card.is_clear) == ("payments-queue", "payments-queue", True)
    second = cause_card(incident(root_cause=RootCause("payments-db")), GRAPH, NOT_YET)
    assert [one.entity for one in second.suspects] == ["payments-db", "payments-api"]


def test_without_causes_the_card_is_empty_and_states_the_measure() -> None:
    card = cause_card(incident(causes=[]), GRAPH, NOT_YET)
    assert (card.suspects, card.certainty, card.is_clear) == ([], None, False)
    assert card.measured.startswith("Not yet measured")


def test_storm_names_no_cause() -> None:
    assert not cause_card(incident(is_storm=True), GRAPH, NOT_YET).is_clear


def test_lists_are_bounded_and_count_what_is_left_out() -> None:
    causes = [Cause(f"c{n}", 10.0 - n) for n in range(10)]
    card = cause_card(incident(causes=causes, entities=[f"e{n}" for n in range(200)]), GRAPH, NOT_YET)
    assert (len(card.suspects), card.more_suspects) == (1 + MAX_OTHERS, 5)
    assert len(card.choices) == MAX_CHOICES
    assert card.more_choices > 100


def test_each_suspect_has_its_path_and_the_graph_is_asked_only_without_one() -> None:
    causes = [Cause("payments-api", 9.0, confidence="high", path=PATH), Cause("payments-db", 1.0)]
    card = cause_card(incident(causes=causes), GRAPH, NOT_YET)
    assert [one.entity for one in card.suspects[0].path] == ["payments-api", "payments-sync", "payments-gateway"]
    assert (card.suspects[1].path, card.paths) == ([], [])
