"""Runbooks of an incident: by name, by link, by the rules like it, by text, in this order of worth."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiops_models.playbooks import PlaybookSuggester
from aiops_models.playbooks.candidate import main_alert, runbook_url
from aiops_models.playbooks.runbook_candidates import MIN_COVERAGE, NEXT_COVERAGE

from aiops.ports import AlertFact, IncidentView
from aiops.records import Suggestion
from aiops.respond.situation import situation
from aiops.topology import Topology

RULES = "groups:\n- rules:\n" + "\n".join(
    f"""  - alert: {name}
    expr: '{expression}'
    annotations: {{summary: {text}, runbook_url: "{link}"}}"""
    for name, expression, text, link in [
        ("TeapotCold", "teapot_celsius < 40", "The teapot is cold", "docs/kitchen/README.md"),
        ("TeapotEmpty", "teapot_litres == 0", "The teapot is empty", "docs/kitchen/README.md"),
        ("GearboxStuck", "gearbox_turns == 0", "The gearbox is stuck", "docs/gearbox.md"),
        ("GearboxLoud", "gearbox_decibels > 90", "Noise", "docs/gearbox.md"),
    ]
)


@pytest.fixture(scope="module")
def suggester(tmp_path_factory: pytest.TempPathFactory) -> PlaybookSuggester:
    root = tmp_path_factory.mktemp("runbooks")
    for name, text in (
        ("kitchen/README.md", "# Kitchen\nCall the cook, who knows what to do with all of it."),
        ("gearbox.md", "# Gearbox\n## Meaning\nSprockets misaligned in the assembly.\n"),
        ("Valve.md", "# Valve\n## Meaning\nA valve leaks steam into the corridor.\n"),
        ("README.md", "# About this folder\nA valve leaks steam into the corridor.\n"),
    ):
        path = root / "books" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "rules.yaml").write_text(RULES)
    return PlaybookSuggester(Topology(), {"runbooks": str(root / "books"), "rules": str(root / "rules.yaml")})


def suggest(suggester: PlaybookSuggester, name: str, **more: object) -> list[Suggestion]:
    fact = AlertFact("a", name, 3, 1, 0.0, 0.0, **more)  # type: ignore[arg-type]
    return suggester.suggest(IncidentView("i", 0.0, [fact], severity=3))


def test_rules_like_an_alert_lead_to_the_runbook_that_they_share(suggester: PlaybookSuggester) -> None:
    url = "http://prometheus.example/graph?g0.expr=teapot_celsius+%3E+99&g0.tab=1"
    [found] = suggest(suggester, "Whistling", message="The teapot is hot", url=url)
    assert found.name == "runbook/kitchen/README"
    [reason] = [one for one in found.evidence if one.name == "rules"]
    assert reason.text.startswith("rule Teapot")
    assert reason.text.endswith("is like it and links here, as 2 rules do in all")


def test_the_rule_of_an_alert_names_its_runbook(suggester: PlaybookSuggester) -> None:
    [found] = suggest(suggester, "GearboxLoud")
    assert (found.name, found.score) == ("runbook/gearbox", 2.0)
    assert found.evidence[0].text == "the rule of GearboxLoud links to it"


def test_a_link_is_resolved_by_its_path(suggester: PlaybookSuggester) -> None:
    link = {"runbook_url": "https://git.example/ops/blob/main/docs/kitchen/README.md"}
    [found] = suggest(suggester, "Fire", annotations=link)
    assert found.name == "runbook/kitchen/README"


def test_a_readme_at_the_top_is_no_runbook(suggester: PlaybookSuggester) -> None:
    [found] = suggest(suggester, "Wet", message="steam leaks into the corridor from a valve")
    assert found.name == "runbook/Valve"
    assert not suggester.knows("runbook/README")


def test_annotations_are_read_where_the_message_does_not_hold_them(suggester: PlaybookSuggester) -> None:
    [found] = suggest(suggester, "Wet", annotations={"description": "steam leaks into the corridor from a valve"})
    assert found.name == "runbook/Valve"


def test_the_next_runbook_needs_less_than_the_first(suggester: PlaybookSuggester) -> None:
    found = suggest(suggester, "Wet", message="steam from a valve in the corridor, sprockets misaligned")
    assert [one.name for one in found] == ["runbook/Valve", "runbook/gearbox"]
    assert NEXT_COVERAGE < MIN_COVERAGE


def test_nothing_alike_suggests_nothing(suggester: PlaybookSuggester) -> None:
    assert suggest(suggester, "Weather", message="it rains") == []


def test_links_and_the_alert_that_outcomes_are_kept_by() -> None:
    facts = [AlertFact("a", "Low", 1, 1, 0.0, 0.0), AlertFact("b", "High", 3, 1, 5.0, 5.0)]
    assert main_alert(situation(IncidentView("i", 0.0, facts), Topology())) == "High"
    assert main_alert(situation(IncidentView("i", 0.0, []), Topology())) == ""
    assert runbook_url(AlertFact("a", "A", 1, 1, 0.0, 0.0, annotations={"runbook": "javascript:x"})) is None


def test_unusable_rules_are_problems(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [")
    suggester = PlaybookSuggester(Topology(), {"rules": [str(tmp_path)]})
    assert "bad.yaml" in suggester.problems[0]
