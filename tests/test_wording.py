"""Counts in sentences: one function for plurals, and no count that stands for another."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from aiops_connectors.texts.rows import rows

from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.ports import Message
from aiops.records import Affected, Alert, Incident, Tick
from aiops.wording import listed, plural

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for folder in ("aiops", "connectors", "models") for path in (ROOT / folder).rglob("*.py"))
# Nouns that are counted in sentences for people.
NOUNS = "alert|entity|entities|hop|incident|stream|record|playbook|partition|message|row|run|target|service|kind|error"
# Limits and constants above one, said as they stand in the configuration.
LIMITS = ("expected", "more than", "at most", "alerts/s", "these {count}", "all {", "simulate/", "testing/")


def counted(path: Path) -> list[str]:
    """Places of f-strings in which a noun in the plural follows a value directly."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.JoinedStr):
            continue
        for before, after in zip(node.values, node.values[1:], strict=False):
            if not isinstance(before, ast.FormattedValue) or not isinstance(after, ast.Constant):
                continue
            if re.match(rf"^ (?:{NOUNS})s\b|^ entities\b", str(after.value)) and "plural" not in ast.unparse(before):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)[:120]}")
    return found


def test_no_sentence_counts_without_the_plural_function() -> None:
    found = [place for path in SOURCES for place in counted(path)]
    bad = [place for place in found if not any(part in place for part in LIMITS)]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize(("count", "said"), [(0, "0 hops"), (1, "1 hop"), (2, "2 hops"), (3_000, "3,000 hops")])
def test_plural(count: int, said: str) -> None:
    assert plural(count, "hop") == said


def test_3000_entities_are_3000_in_the_title_the_record_and_a_message() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(max_members=50)))
    alerts = [
        Alert(ts=1_700_000_000.0 + n / 1_000, name="NodeDown", entity=f"node-{n}", severity="critical", service="fleet")
        for n in range(3_000)
    ]
    engine.step(alerts)
    events = engine.step([Tick(ts=1_700_000_100.0)])
    incident = next(event.incident for event in reversed(events) if isinstance(event, IncidentChanged))
    assert incident.alert_count == 3_000
    assert (incident.title or "").endswith(" and 2,999 more entities")
    assert (incident.entity_count, incident.more_entities, len(incident.entities)) == (3_000, False, 200)
    assert (incident.stream_count, incident.firing_count) == (50, 3_000)
    assert "on 3,000 entities" in incident.explanation[0]
    said = dict(rows(Message("k", "chat", incident, "updated", 2, 0.0)))
    assert said["Hurts"] == "fleet: 3,000 entities"


def test_message_names_a_workload_in_place_of_its_pods() -> None:
    workloads = [Affected("cart", "cart-x7k2p", 4, "pod"), Affected("db", "db-0")]
    incident = Incident(id="i", entities=["cart-x7k2p", "a", "b", "c", "db-0"], entity_count=5, workloads=workloads)
    said = dict(rows(Message("k", "chat", incident, "updated", 2, 0.0)))
    assert said["Hurts"] == "cart, db-0: 5 entities"
    incident.workloads = [Affected("db", "db-0")]
    said = dict(rows(Message("k", "chat", incident, "updated", 2, 0.0)))
    assert said["Hurts"] == "cart-x7k2p, a, b and 2 more: 5 entities"


def test_a_list_that_was_cut_says_so() -> None:
    assert listed(["a, 2 pods", "b", "c"], 2, separator="; ") == "a, 2 pods; b and 1 more"
    assert listed(["a"] * 200, 5, is_cut=True).endswith("and at least 195 more")
    many = Incident(id="i", services=["s"] * 200, entities=["a", "b"], entity_count=2)
    said = dict(rows(Message("k", "chat", many, "updated", 2, 0.0)))
    assert said["Hurts"].endswith("and at least 197 more: 2 entities")
