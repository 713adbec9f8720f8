"""The page of the engine: one sum, why input was rejected, and one stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

from aiops.engine.drift.jumper import ALARM
from aiops.engine.engine import Engine
from aiops.http.auth import Token, token_hash
from aiops.pages.engine import lag, pace
from aiops.ports import DeadLetter
from aiops.views.engine_report import Arrived, SourceLine
from aiops.views.model_watch import model_watch
from tests.web.conftest import HOSTILE, Site


def text(site: Site, path: str = "/engine") -> str:
    answer = site.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_sum_is_shown_with_its_tick(site: Site) -> None:
    page = text(site)
    assert "Nothing lost" in page
    assert "Adds up" in page
    assert "<b>9</b> received" in page


def test_a_sum_that_lacks_something_is_no_tick(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {**site.host.figures(), "placed": {**site.host.figures()["placed"], "received": 12}}
    monkeypatch.setattr(type(site.host), "figures", lambda self: figures)
    page = text(site)
    assert "The sum does not hold" in page
    assert "<b>3</b> missing" in page
    assert "Adds up" not in page


def test_rejected_input_is_listed_as_text(site: Site) -> None:
    site.host.fold([], [DeadLetter("http", HOSTILE, f"expected {HOSTILE}", b"x", 5.0)])
    for path in ("/engine", "/engine/rejected"):
        page = text(site, path)
        assert HOSTILE not in page
        assert "&lt;script&gt;" in page


def test_rejected_input_is_paged(site: Site) -> None:
    site.host.fold([], [DeadLetter("http", f"line {n}", "expected JSON", b"x", 5.0) for n in range(60)])
    first = text(site, "/engine/rejected")
    assert first.count("expected JSON") == 50
    number = first.partition("before=")[2].partition('"')[0]
    second = text(site, f"/engine/rejected?before={number}")
    assert second.count("expected JSON") == 10
    assert "Older" not in second
    for odd in ("-1", "x", "9" * 30, "²"):
        assert text(site, f"/engine/rejected?before={odd}").count("expected JSON") == 50


def test_a_reader_gets_no_stop(tmp_path: Path, serve: Callable[..., Any]) -> None:
    secret = "secret" * 8
    with serve(tmp_path, [Token("alice", ["read"], token_hash(secret))]) as site:
        site.host.runs.switch("global", False, "alice", "tested")
        site.client.headers["authorization"] = f"Bearer {secret}"
        assert "Stop all automation" not in text(site)


def test_the_stop_leads_back_to_the_engine(site: Site) -> None:
    site.host.runs.switch("global", False, "alice", "tested")
    assert "Stop all automation" in text(site)
    fields = {"scope": "global", "engaged": "yes", "reason": "wrong target", "back": "/engine"}
    answer = site.client.post("/switches", data=fields, headers=site.origin)
    assert (answer.status_code, answer.headers["location"]) == (303, "/engine")
    assert site.host.runs.switches()["global"] is True
    assert "wrong target" in text(site)
    away = site.client.post("/switches", data={**fields, "back": "//evil.example"}, headers=site.origin)
    assert away.headers["location"] == "/runs"


def test_a_source_without_partitions_has_no_lag() -> None:
    assert lag(SourceLine("http", True, "", 0)) == "none to measure"
    assert lag(SourceLine("kafka", True, "", 0, {"0": 0.0})) == "up to date"
    assert lag(SourceLine("kafka", True, "", 0, {"0": 1_200.0, "1": 3.0})) == "1\u202f203 behind"


def test_a_pace_is_that_of_the_last_whole_minute() -> None:
    assert pace(Arrived("http", 9, 0.0, [0, 120_000, 5])) == "2\u202f000"


def test_the_watch_shows_what_was_right_and_what_is_not_measured(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    for number in range(9):
        engine.drift.outcomes.judged("grouping", str(number), number > 1)
    accounts = engine.accounts()
    accounts["drift"]["alarms"] = [{"at": 9.0, "what": "rate", "text": f"120 alerts an hour {HOSTILE}"}]
    watch = to_builtins(model_watch(accounts, {}, 10.0, 0.0, ALARM))
    watch["retrain"] = {"mode": "never", "running": "", "is_due": True, "last": None}
    monkeypatch.setattr(type(site.host), "health", lambda self: {"status": "ok", "ready": True, "watch": watch})
    page = text(site)
    assert "7 of&nbsp;9" in page
    assert "Rate changed" in page
    assert HOSTILE not in page
    assert "A training is due: <code>aiops models train --slot all --from journal</code>" in page
    assert "Not measured: outcomes: people cannot judge if a similar incident was similar" in page
    assert page.count("unknown") >= 4
