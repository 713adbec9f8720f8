"""`aiops alerts history`: what fired, where it went, who was notified."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from aiops.errors import AiopsError, UsageError
from aiops.records import Alert
from tests.cli.desk import Desk, desk_in
from tests.web.conftest import NOW


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


def test_history_lists_alerts_with_where_they_went(desk: Desk) -> None:
    shown = desk.out("alerts", "history", "--newer", "all")
    assert "CheckoutErrors" in shown
    assert desk.incident in shown
    assert "pager not delivered" in shown


def test_history_is_searched_and_continues(desk: Desk) -> None:
    found = json.loads(desk.out("alerts", "history", "entity:checkout", "--newer", "all", "--limit", "2", "--json"))
    assert [one["went"] for one in found["alerts"]] == ["incident", "incident"]
    rest = desk.out("alerts", "history", "--newer", "all", "--before", found["next"], "--json")
    assert len(json.loads(rest)["alerts"]) == 1
    assert f"--before {found['next']}" in desk.out("alerts", "history", "--newer", "all", "--limit", "2")


def test_history_names_what_was_meant(desk: Desk) -> None:
    shown = desk.out("alerts", "history", "entity:chekout", "--newer", "all")
    assert "no alerts match" in shown
    assert "did you mean entity:checkout?" in shown
    assert "no alerts of the last 1h match" in desk.out("alerts", "history", "--newer", "1h")


@pytest.mark.parametrize("words", [("--newer", "yesterday"), ("--before", "x"), ("wend:x",)])
def test_history_refuses_what_does_not_fit(desk: Desk, words: tuple[str, ...]) -> None:
    assert isinstance(desk.run("alerts", "history", *words).exception, UsageError | SystemExit)


def test_a_background_alert_is_opened_and_another_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with desk_in(tmp_path_factory.mktemp("other")) as desk:
        desk.host.fold([Alert(ts=NOW, name="Slow", entity="db-1", severity="warning", id="s-1")])
        rows = json.loads(desk.out("alerts", "history", "entity:db-1", "--newer", "all", "--json"))["alerts"]
        assert rows[0]["went"] == "background"
        answer = desk.out("alerts", "open", rows[0]["fingerprint"], "--as", "alice")
        assert "opened as inc-" in answer
        assert "and marked as actionable" in answer
        assert isinstance(desk.run("alerts", "open", rows[0]["fingerprint"]).exception, AiopsError | SystemExit)
