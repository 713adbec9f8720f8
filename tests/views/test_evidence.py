"""Evidence in plain words: each contribution of the built-in ranker has a sentence, all others keep theirs."""

from __future__ import annotations

import pytest
from aiops_models.causes.score_terms import WEIGHTS

from aiops.records import Cause, Evidence
from aiops.views.evidence import MAX_DETAIL, MAX_ROWS, MAX_TEXT, plain_rows, rows
from tests.views.sample import DEPLOY, HOSTILE, incident


def sentence(name: str, text: str, entity: str = "api") -> str:
    cause = Cause(entity, evidence=[Evidence(name, 1.0, text)])
    [row] = rows(cause, incident())
    return row.text


@pytest.mark.parametrize(
    ("name", "text", "plain"),
    [
        (
            "internal",
            "Stuck on api, which nothing else has in this incident",
            "It raises Stuck, which nothing else has",
        ),
        ("symptom", "Slow, Errors seen at api", "Seen from outside: Slow, Errors"),
        ("contrast", "Stuck on api that 3 of 4 siblings do not show", "3 of 4 siblings do not show Stuck"),
        ("blame", "all weight of the complaints leads along the dependencies to api", "All of the latency and error"),
        ("blame", "0% of the weight of the complaints leads along the dependencies to api", "Hardly any of the"),
        ("blame", "60 % of the weight stays on api, whose dependencies complain as well", "Most of the latency"),
        ("blame", "12% of the weight leads back to api, which depends on what complains", "Some of the latency"),
        ("blame", "4% of the weight is on api itself", "A few of the latency and error alerts are on it itself"),
        ("likeness", "incident inc-7, 93% alike, was confirmed to be caused by api", "It was the confirmed cause of"),
        ("signs", "Stuck on api: such alerts were more often on confirmed causes", "Alerts like its own were more"),
        ("silence", "api raised no alert, and was once the confirmed cause without one", "It raised no alert, and was"),
        ("quota", "a pod was refused for its quota: api (rule quota)", "A pod was refused for its quota"),
        ("other", "something else", "something else"),
    ],
)
def test_contribution_is_one_plain_sentence(name: str, text: str, plain: str) -> None:
    assert sentence(name, text).startswith(plain)


def test_every_contribution_of_the_ranker_is_known() -> None:
    from aiops.views.evidence import _WORDS

    assert set(WEIGHTS) <= {*_WORDS, "change"}


def test_change_is_stated_with_its_time() -> None:
    cause = Cause("payments-api", change=DEPLOY, evidence=[Evidence("change", 1.0, "deploy on payments-api")])
    assert rows(cause, incident())[0].text == "Deploy 8.14.6 went out 24 s before the first alert"


def test_longest_bar_is_the_strongest_contribution() -> None:
    cause = Cause("api", evidence=[Evidence("x", 1.0, "one"), Evidence("y", 4.0, "four"), Evidence("z", -2.0, "less")])
    found = rows(cause, incident())
    assert [(row.name, row.share) for row in found] == [("y", 1.0), ("z", 0.5), ("x", 0.25)]
    assert rows(cause, incident(), most=8.0)[0].share == 0.5
    assert rows(Cause("api"), incident()) == []


def test_rows_are_bounded_and_hostile_text_stays_one_line() -> None:
    cause = Cause("api", evidence=[Evidence(f"n{n}", 1.0, f"{HOSTILE}\n" * 200) for n in range(50)])
    found = rows(cause, incident())
    assert len(found) == MAX_ROWS
    assert all(len(row.text) <= MAX_TEXT and len(row.detail) <= MAX_DETAIL and "\n" not in row.text for row in found)


def test_names_keep_their_small_letter() -> None:
    found = plain_rows([Evidence("a", 2.0, "it is meant for a host"), Evidence("b", 1.0, "node-1 is suspected.")])
    assert [row.text for row in found] == ["It is meant for a host", "node-1 is suspected"]
