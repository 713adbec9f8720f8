"""`aiops incidents list`: options and words find the same incidents as on the page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from aiops.engine.events import IncidentChanged
from aiops.store.store import FrameDecisions
from tests.cli.desk import Desk, desk_in
from tests.search.stored import incident, member
from tests.web.conftest import NOW


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        disk = member("DiskFull", "db, 1*", service="orders", source="node", labels={"team": "data", "env": "prod"})
        event = IncidentChanged(0, NOW, "opened", incident("inc-disk", disk), 1, [])
        found.host.store.apply([FrameDecisions(1_000, NOW, [event])])
        yield found


def listed(desk: Desk, *words: str) -> list[str]:
    return [line["title"].split()[0] for line in json.loads(desk.out("incidents", "list", "--json", *words))]


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ((), 2),
        (("disk",), 1),
        (("disk -orders",), 0),
        ((" -orders",), 1),
        (("service:orders", "team:data"), 1),
        (("--service", "orders"), 1),
        (("--service", "orders", "--service", "checkout"), 2),
        (("--service", "ord*"), 1),
        (("--entity", "db, 1*"), 1),
        (("--entity", "db, 1"), 0),
        (("--source", "node"), 1),
        (("--team", "data"), 1),
        (("--alert", "diskfull"), 1),
        (("--label", "env=prod"), 1),
        (("--owner", "none"), 2),
        (("--owner", "alice"), 0),
        (("--newer", "1s"), 1),
        (("--no-storm",), 2),
        (("--storm",), 0),
        (("status:recent",), 0),
        (("status:all", "disk"), 1),
    ],
)
def test_incidents_are_found(desk: Desk, words: tuple[str, ...], count: int) -> None:
    assert len(listed(desk, *words)) == count


def test_incidents_are_sorted(desk: Desk) -> None:
    fewest = listed(desk, "--sort", "alerts", "--ascending")
    assert fewest == list(reversed(listed(desk, "--sort", "alerts")))
    assert len(fewest) == 2


def test_nothing_found_names_what_was_meant(desk: Desk) -> None:
    shown = desk.out("incidents", "list", "service:order")
    assert "match service:order" in shown
    assert "did you mean service:orders?" in shown


def test_a_limit_that_cuts_is_named(desk: Desk) -> None:
    assert "raise --limit" in desk.out("incidents", "list", "--limit", "1")
    assert "raise --limit" not in desk.out("incidents", "list", "--limit", "3")
