"""The evidence path in words: places, their alerts, and how the next one stands to each."""

from __future__ import annotations

from aiops.records import Hop
from aiops.views.evidence_path import MAX_ALERT, MAX_ENTITY, Step, path_text, steps

PATH = [
    Hop("host-1", "runs_on", ["DiskFull"]),
    Hop("db-0", "part_of"),
    Hop("db", "uses", ["SlowQueries", "Errors", "Restarted"], 2),
    Hop("cart", "depends_on"),
    Hop("web", "", ["ProbeFailed"]),
]


def test_each_kind_of_dependency_has_its_words() -> None:
    assert path_text(steps(PATH)) == (
        "host-1 (DiskFull), carries db-0 (no alert), part of db (SlowQueries, Errors, Restarted and 2 more), "
        "used by cart (no alert), needed by web (ProbeFailed)"
    )


def test_path_that_leads_nowhere_is_not_shown() -> None:
    assert steps([]) == steps([Hop("web", "", ["ProbeFailed"])]) == []


def test_names_of_payloads_are_lines_of_bounded_length() -> None:
    found = steps([Hop("a\nb" + "x" * 2_000, "calls", ["n\u2028" + "y" * 2_000]), Hop("web")])
    assert len(found[0].entity) <= MAX_ENTITY
    assert len(found[0].alerts[0]) <= MAX_ALERT
    assert "\n" not in path_text(found)
    assert found[1] == Step("web")
