"""Lessons over the API and on their page: listed, and forgotten by those who may write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiops.http.auth import Token, new_token, token_hash
from aiops.pages.lessons import LessonsPage
from aiops.web.lessons import Forget, forget_lessons, list_lessons
from tests.web.conftest import Site

__all__ = ["Forget", "LessonsPage", "forget_lessons", "list_lessons"]


def judge(site: Site) -> None:
    member = site.client.get(f"/api/v1/incidents/{site.incident}").json()["incident"]["members"][0]["fingerprint"]
    answer = site.client.post(f"/api/v1/incidents/{site.incident}/confirm-grouping", json={"wrong": [member]})
    assert answer.status_code == 200, answer.text
    assert "learned for alerts like these" in answer.json()["reason"]


def lessons(site: Site) -> list[dict[str, Any]]:
    answer = site.client.get("/api/v1/lessons")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["applies"]
    return list(found["lessons"])


def test_what_a_judgement_taught_is_listed_and_forgotten(site: Site) -> None:
    judge(site)
    [one] = lessons(site)
    assert (one["verb"], one["incident"], one["together"]) == ("wrong", site.incident, False)
    assert " as not belonging with " in one["sentence"]
    text = site.client.get("/lessons").text
    assert "as not belonging with" in text
    answer = site.client.post("/api/v1/lessons/forget", json={"lesson": one["id"]})
    assert answer.json()["reason"] == "1 lesson forgotten; open incidents stay as they are"
    assert lessons(site) == []
    assert "Nobody has corrected the grouping yet" in site.client.get("/lessons").text
    refused = site.client.post("/api/v1/lessons/forget", json={"lesson": one["id"]})
    assert (refused.status_code, "that is kept" in refused.json()["error"]) == (409, True)


def test_the_page_forgets_with_a_button(site: Site) -> None:
    judge(site)
    [one] = lessons(site)
    assert 'action="/lessons/forget"' in site.client.get("/lessons").text
    answer = site.client.post("/lessons/forget", data={"lesson": one["id"]}, headers=site.origin)
    assert answer.status_code == 303
    assert "1 lesson forgotten" in site.client.get("/lessons").text
    assert lessons(site) == []


def test_a_reader_sees_lessons_and_forgets_none(tmp_path: Path, serve: Any) -> None:
    secret = new_token()
    with serve(tmp_path, [Token("reader", ["read"], token_hash(secret))]) as site:
        site.client.post("/login", data={"token": secret}, headers=site.origin)
        text = site.client.get("/lessons").text
        assert "What people taught the grouping" in text
        assert "/lessons/forget" not in text
        answer = site.client.post("/lessons/forget", data={"lesson": "all"}, headers=site.origin)
        assert answer.status_code == 403
