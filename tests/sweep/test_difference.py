"""Two settings side by side: which incidents are paged otherwise."""

from __future__ import annotations

from pathlib import Path

from aiops.sweep.difference import difference
from aiops.sweep.figures import measure
from aiops.sweep.report import Request, execute, plan
from aiops.sweep.run import Source
from aiops.sweep.settings import Base


def request(site: Path, sweep: str, *diff: str) -> Request:
    return Request(Source((str(site / "alerts.jsonl"),)), Base(), (sweep,), str(site / "topology.json"), diff=diff)


def test_smaller_sensitivity_splits_incidents(site: Path) -> None:
    done = execute(plan(request(site, "correlate.sensitivity=.1,.5", ".1")), lambda one: None)
    found = done.report.difference
    assert found is not None
    assert (found.before, found.after) == ("0.5", "0.1")
    kinds = {one.kind for one in found.differences}
    assert "split" in kinds
    assert found.pages_before == len(done.measured.outcomes[1].pages)
    assert found.pages_after == len(done.measured.outcomes[0].pages)
    moved = sum(one.pages_after - one.pages_before for one in found.differences)
    assert moved == found.pages_after - found.pages_before


def test_stricter_endpoint_changes_pages_and_no_incident(site: Path) -> None:
    done = execute(plan(request(site, "endpoints.pager.min_severity=critical", "critical")), lambda one: None)
    found = done.report.difference
    assert found is not None
    assert {one.kind for one in found.differences} == {"paged"}
    assert all(one.before == one.after and one.pages_after < one.pages_before for one in found.differences)
    assert found.unpaged == 0
    assert found.same + len(found.differences) == done.measured.outcomes[0].incidents


def test_comparison_is_from_the_current_setting(site: Path) -> None:
    done = execute(plan(request(site, "correlate.sensitivity=.5", ".9")), lambda one: None)
    assert [one.setting.label for one in done.measured.outcomes] == ["0.5", "0.9"]
    again = difference(measure(["correlate.sensitivity"], done.measured.outcomes), 1)
    assert again == done.report.difference
