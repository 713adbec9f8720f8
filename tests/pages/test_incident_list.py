"""The page of incidents: what it lists, its words for nothing and for a wrong query, and its bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.engine.events import IncidentChanged
from aiops.pages.incident_list import FreshNames, busy_text
from aiops.records import Alert, Cause
from aiops.search import listing
from aiops.search.conditions import Wanted
from aiops.search.listing import Busy
from aiops.store.store import FrameDecisions
from tests.pages.test_pages import Parsed, page
from tests.search.stored import filled, incident, member
from tests.web.conftest import HOSTILE, NOW


def stored(site: Any, *incidents: Any) -> None:
    events = [IncidentChanged(0, NOW, "opened", one, 1, []) for one in incidents]
    site.host.store.apply([FrameDecisions(site.host.store.applied() + 1_000, NOW, list(events))])


def wrong(site: Any, path: str) -> Parsed:
    answer = site.client.get(path)
    assert answer.status_code == 400
    return Parsed(answer.text)


def test_the_list_leads_to_the_incident(site: Any) -> None:
    found = page(site, "/")
    assert f"/incidents/{site.incident}" in found.links
    assert "Nobody on it · 1" in found.text
    site.client.post(f"/api/v1/incidents/{site.incident}/acknowledge", json={})
    assert "Acknowledged · 1" in page(site, "/").text
    site.client.post(f"/api/v1/incidents/{site.incident}/resolve", json={})
    assert "Resolved in the last hour · 1" in page(site, "/").text
    assert "No incident matches" in page(site, "/?status=open").text


def test_the_cause_is_the_title_and_stands_in_its_column(site: Any) -> None:
    cause = Cause("db-1", confidence="high")
    stored(site, incident("inc-db", member("DiskFull", "db-1"), member("Slow", "web"), causes=[cause]))
    text = page(site, "/?q=id:inc-db").text
    assert "db-1 out of disk" in text
    assert "DiskFull · web" in text
    suspects = [Cause("a<b"), Cause("c")]
    stored(site, incident("inc-no", member("Slow", "x"), member("Slow", "y"), causes=suspects))
    text = page(site, "/?q=id:inc-no").text
    assert "No clear cause" in text
    assert "Perhaps a<b or c" in text


def test_hostile_names_stay_text(site: Any) -> None:
    found = page(site, "/")
    assert HOSTILE in found.text
    assert all(link.startswith(("/", "#")) or not link for link in found.links)


def test_facets_lead_to_narrower_lists(site: Any) -> None:
    stored(site, incident("inc-2", member("DiskFull", "db-1", service="orders"), severity="high"))
    found = page(site, "/")
    assert {"/?service=checkout", "/?service=orders", "/?severity=critical", "/?severity=high"} <= set(found.links)
    narrow = page(site, "/?service=orders")
    assert "/incidents/inc-2" in narrow.links
    assert f"/incidents/{site.incident}" not in narrow.links


def test_a_list_goes_on_on_the_next_page(site: Any, history: Callable[..., None]) -> None:
    history(site.host, 130)
    seen, path = set[str](), "/?status=all"
    while True:
        found = page(site, path)
        seen |= {link for link in found.links if link.startswith("/incidents/")}
        following = [link for link in found.links if "before=" in link]
        if not following:
            break
        (path,) = following
    assert len(seen) == 131


def test_a_query_that_does_not_fit_stays_in_its_field(site: Any) -> None:
    found = wrong(site, "/?q=severity:hihg&service=checkout")
    assert "did you mean severity:high?" in found.text
    assert "No incident" not in found.text
    assert wrong(site, "/?q=disk+%22").text
    assert wrong(site, "/?before=1~2~3&q=checkout").text
    answer = site.client.get("/?q=severity:hihg")
    assert 'value="severity:hihg"' in answer.text


@pytest.mark.parametrize("query", ["status=gone", "severity=x", "sort=size", "age=9h", "before=nonsense"])
def test_an_address_that_no_list_has_is_refused(site: Any, query: str) -> None:
    assert wrong(site, f"/?{query}").text


def test_nothing_found_names_what_was_meant(site: Any) -> None:
    found = page(site, "/?q=service:chekout")
    assert "Nothing has service:chekout. Did you mean service:checkout?" in found.text
    assert "/?q=service%3Acheckout" in found.links
    assert "/?q=service%3Achekout&status=all" in found.links


def test_a_calm_list_says_so(site: Any) -> None:
    with site.host.store.database.transaction() as connection:
        connection.execute("update incident_lines set status = 'resolved', resolved_at = ?", (NOW - 9_000,))
    found = page(site, "/")
    assert "No incident is open" in found.text
    assert "/?status=resolved" in found.links


def test_before_the_first_incident_the_page_shows_how_to_connect(tmp_path: Path, site: Any) -> None:
    with site.host.store.database.transaction() as connection:
        connection.execute("delete from incidents")
    found = page(site, "/")
    assert "Nothing is connected yet" in found.text
    assert f"http://127.0.0.1:{site.port}/ingest/alertmanager" in found.text
    assert "Waiting for the first alert" in found.text
    assert "No incident matches" in page(site, "/?q=disk").text
    site.host.fold([Alert(ts=NOW, name="DiskFull", id="x", severity="critical", entity="db", service="db")])


def test_a_list_reads_no_bodies(tmp_path: Path) -> None:
    """The rows of the incidents table are some thousand bytes each; the lines some hundred."""
    with filled(tmp_path, *(incident(f"i-{n}", member("A", f"e-{n}")) for n in range(5))) as store:
        statements: list[str] = []
        store.reader.set_trace_callback(statements.append)
        wanted = Wanted(now=NOW)
        listing.lines(store.reader, wanted, listing.Order(is_grouped=True))
        listing.facets(store.reader, wanted)
        store.reader.set_trace_callback(None)
        assert len(statements) == 3
        assert not any(" incidents " in statement for statement in statements)


def test_counts_are_shared_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[float] = []

    def count(reader: Any, wanted: Wanted) -> dict[str, dict[str, int]]:
        made.append(wanted.now)
        return {}

    monkeypatch.setattr(listing, "names", count)
    counts = FreshNames()
    for now in (1.0, 2.0, 2.9, 3.1, 1.1, 0.0):
        counts.read(None, Wanted(now=now), "a")  # type: ignore[arg-type]
    assert made == [1.0, 3.1, 1.1, 0.0]


def test_counts_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "names", lambda reader, wanted: {})
    counts = FreshNames()

    def read(reader: int) -> None:
        for number in range(200):
            counts.read(None, Wanted(now=1.0), (reader, number))  # type: ignore[arg-type]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts._kept) == 100


def test_a_busy_time_has_a_sentence() -> None:
    assert busy_text(Busy(2, 10, 1, 0.0), 60.0) == ""
    assert busy_text(None, 60.0) == ""
    assert busy_text(Busy(3, 1_000, 0, 0.0), 30.0) == (
        "3 serious incidents opened in the last 1 min, from 1,000 alerts."
    )


def test_a_busy_page_has_its_banner(site: Any) -> None:
    assert "Busy" not in page(site, "/").text
    stored(site, *(incident(f"i-{n}", member("A", f"e-{n}"), opened_at=NOW - 60) for n in range(3)))
    assert "serious incidents opened in the last" in page(site, "/").text
