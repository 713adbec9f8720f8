"""Cards state what a version decides, learned from and was measured on, and nothing that is not known."""

from __future__ import annotations

from aiops.lifecycle.card import card_of
from aiops.lifecycle.version import Data, Move, Version

MEASURED = Version(
    id="causes-1",
    slot="causes",
    algorithm="causes",
    parent="causes-0",
    data=Data(sources=["journal"], since=0.0, until=86_400.0, records=12, hash="abc", confirmed=3, labelled=2),
    code="1.2",
    parameters={"recent": "14d"},
    metrics={
        "outcomes": 20.0,
        "split": 3_600.0,
        "top1": 0.5,
        "top1_incumbent": 0.4,
        "top1_difference": 0.1,
        "top1_low": -0.05,
        "top1_high": 0.25,
    },
    verdict=False,
    reason="not better",
    size=1_234,
    created=7_200.0,
)


def test_a_card_has_data_measures_verdict_and_limits() -> None:
    card = card_of(MEASURED, [Move(slot="causes", version="causes-1", stage="serving", at=9_000.0, reason="a|b\nc")])
    assert card.startswith("# causes-1\n\n**Decides.** The order of the suspects")
    assert "12 records of journal, 1970-01-01 00:00 UTC to 1970-01-02 00:00 UTC" in card
    assert "3 confirmed outcomes, 2 labelled outcomes. SHA-256 `abc`" in card
    assert "by aiops 1.2, when causes-0 served" in card
    assert "Parameters: `recent` = `14d`." in card
    assert "| first suspect right (top1), or first suggestion | 0.500 | 0.400 | +0.100 (-0.050 to 0.250) |" in card
    assert "**Verdict.** Advised against: not better." in card
    assert "1,234 characters" in card
    assert "| 1970-01-01 02:30 UTC | serving |  | a\\|b c |" in card


def test_what_is_unknown_is_stated_as_unknown() -> None:
    card = card_of(Version(id="pca-1", slot="detect", algorithm="pca", metrics={"rows": 300.0}, data=Data(until=0.0)))
    assert "their number and hash were not kept" in card
    assert "**Measured.** Not on judged outcomes." in card
    assert "Kept with it: `rows` 300." in card
    assert "No recommendation: it was not measured." in card
    assert "|---|" not in card


def test_a_rollback_is_marked() -> None:
    move = Move(slot="causes", version="causes-1", stage="serving", at=1.0, is_rollback=True, actor="kim")
    assert "| serving (rollback) | kim |" in card_of(MEASURED, [move])
