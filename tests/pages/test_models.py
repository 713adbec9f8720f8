"""The page of the models: what serves, both sides of a trial, and buttons for whom may press them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from aiops.pages.models import pace, rows
from aiops.records import Action, Tick
from aiops.views.models_report import Counts, SlotLine, Time
from tests.engine.serving.models import T0, engine_of, record, state, storm
from tests.web.conftest import HOSTILE, Site
from tests.web.test_models import allow, models, slots

__all__ = ["models"]


def text(site: Site) -> str:
    answer = site.client.get("/models")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_page_shows_what_serves_and_what_is_tried(models: Site) -> None:
    page = text(models)
    shadow = slots(models)["causes"]["shadow"]["version_id"]
    for part in (shadow, "Decides for cart.", "Decides nothing.", "1 incident on which they differ", "by ann"):
        assert part in page, part
    assert "Nothing is tried beside it." in page
    assert "Promote shadow" in page
    assert "Roll back" not in page


def test_confirmed_causes_are_shown_for_both_sides(models: Site) -> None:
    assert "Confirmed by people" not in text(models)
    incident = next(iter(models.host.engine.incidents.by_id))
    models.host.fold([Action(ts=T0 + 80, verb="confirm_cause", id="c", incident=incident, entity="web-1")])
    page = text(models)
    assert "Confirmed by people" in page
    assert "First by this one alone" in page


def test_buttons_promote_end_and_roll_back(models: Site) -> None:
    for path, fields, shown in (
        ("promote", {"role": "shadow"}, "takes the place of"),
        ("rollback", {}, "takes the place of"),
        ("end", {"role": "canary"}, "ended after"),
    ):
        headers = models.origin | {"content-type": "application/x-www-form-urlencoded"}
        answer = models.client.post(f"/models/causes/{path}", content=urlencode(fields), headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/models"), answer.text
        assert shown in models.client.get("/models").text
    assert "Roll back to learner-" in text(models)
    refused = models.client.post("/models/causes/end", data={"role": "canary"}, headers=models.origin)
    assert (refused.status_code, "has no canary" in refused.text) == (409, True)
    odd = models.client.post("/models/causes/end", data={"role": "king"}, headers=models.origin)
    assert odd.status_code == 400


def test_reader_gets_no_buttons(models: Site) -> None:
    allow(models, "read")
    page = text(models)
    assert "Promote shadow" not in page
    assert "Read only" in page
    assert models.client.post("/models/causes/promote", data={"role": "shadow"}).status_code == 403


def test_open_site_names_nobody_and_gets_no_buttons(site: Site) -> None:
    site.host.engine = engine_of()
    site.host.fold([record("shadow_model", "causes", state())])
    page = text(site)
    assert "Promote shadow" not in page
    assert "sign in with a token that names you" in page
    assert site.client.post("/models/causes/promote", data={"role": "shadow"}, headers=site.origin).status_code == 403


def test_site_without_models_says_so(site: Site) -> None:
    assert "No model serves" in text(site)


def test_hostile_names_are_text(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path) as site:
        site.host.engine = engine_of()
        canary = record("canary_model", "causes", state(fault="rank later"), services=HOSTILE)
        canary.actor = HOSTILE
        site.host.fold([canary])
        site.host.fold([record("shadow_model", "causes", state(bias={f"{HOSTILE}-1": 9.0}))])
        site.host.fold([*storm(10.0, "db", HOSTILE), Tick(ts=T0 + 70)])
        page = text(site)
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "1 fault" in page


def test_rows_without_confirmations_claim_none() -> None:
    assert len(rows(Counts(compared=3))) == 3
    found = rows(Counts(compared=3, confirmed=2, serving_first=1, candidate_first=2, only_candidate=1))
    assert ("Of these first", 1, 2) in found
    assert ("First by this one alone", 0, 1) in found


@pytest.mark.parametrize(("count", "shown"), [(0, ""), (3, "1.5 ms")])
def test_pace_is_that_of_the_calls_since_the_start(count: int, shown: str) -> None:
    slot = SlotLine("causes", "", times={"shadow": Time(count, 0.0015)})
    assert pace(slot, "shadow") == shown
    assert pace(slot, "canary") == ""
