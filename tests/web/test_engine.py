"""The engine's figures add up, and say where they were not measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiops.daemon.unconfigured import unconfigured
from aiops.ports import DeadLetter
from aiops.views.engine_report import STAGES
from tests.web.conftest import HOSTILE, Site


def shown(site: Site) -> dict[str, Any]:
    answer = site.client.get("/api/v1/engine")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_each_alert_has_one_place_in_the_sum(site: Site) -> None:
    found = shown(site)["conservation"]
    assert found["received"] == 9
    assert sum(found[name] for name in ("incident", "duplicate", "background", "suppressed", "rejected")) == 9
    assert (found["missing"], found["holds"]) == (0, True)


def test_a_sum_that_lacks_an_alert_says_how_many(site: Site, monkeypatch: Any) -> None:
    placed = {**site.host.figures()["placed"], "received": 11}
    monkeypatch.setattr(type(site.host), "figures", _with(site.host.figures(), placed=placed))
    assert (shown(site)["conservation"]["missing"], shown(site)["conservation"]["holds"]) == (2, False)


def _with(figures: Any, **changes: Any) -> Callable[[Any], Any]:
    return lambda self: {**figures, **changes}


def test_rejected_input_is_counted_by_its_reason(site: Site) -> None:
    reason = f"expected JSON {HOSTILE}"
    letters = [DeadLetter("kafka", f"0/{number}", reason, b"x", 5.0 + number) for number in range(3)]
    site.host.fold([], letters)
    found = shown(site)["conservation"]
    newest = found["reasons"][0]
    assert (newest["source"], newest["count"], newest["last_at"]) == ("kafka", 3, 7.0)
    assert newest["reason"] == reason
    assert found["kept"] == 4


def test_models_that_are_not_there_are_named_and_none_claims_a_drift(site: Site) -> None:
    found = shown(site)["models"]
    assert [one["stage"] for one in found] == list(STAGES)
    assert {one["drift"] for one in found} == {"not measured"}
    assert found[-1]["model"] == "none trained"


def test_the_kill_switch_shows_who_moved_it(site: Site) -> None:
    before = shown(site)["automation"]
    assert (before["stopped"], before["moved"]["reason"]) == (True, "first start")
    site.host.runs.switch("global", False, "alice", "the drill is over")
    found = shown(site)["automation"]
    assert found["stopped"] is False
    assert (found["moved"]["actor"], found["moved"]["reason"]) == ("alice", "the drill is over")


def test_deliveries_that_nobody_got_are_counted(site: Site) -> None:
    assert shown(site)["undelivered"] == 1


def test_the_engine_needs_a_token(tmp_path: Path, serve: Callable[..., Any]) -> None:
    from aiops.http.auth import Token, token_hash

    with serve(tmp_path, [Token("alice", ["read"], token_hash("secret" * 8))]) as site:
        assert site.client.get("/api/v1/engine").status_code == 401


def test_the_daemon_gives_what_the_page_reads() -> None:
    from aiops.config import Config
    from aiops.views.engine_report import Unconfigured

    assert set(Unconfigured.__struct_fields__) == set(type(unconfigured(Config())[0]).__struct_fields__)
