"""Lines and words follow their incident: with each state, and away with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aiops.records import Incident
from aiops.search import indexing
from aiops.search.conditions import Wanted
from aiops.search.listing import Order, lines
from aiops.store.incidents import Present
from aiops.store.retention import KeepConfig, prune
from tests.search.stored import NOW, Filled, filled, incident, member


def rows(store: Filled, table: str) -> int:
    return int(store.reader.execute(f"select count(*) from {table}").fetchone()[0])


def only(store: Filled) -> Any:
    (line,) = lines(store.reader, Wanted(now=NOW), Order())
    return line


def test_words_follow_the_names(tmp_path: Path) -> None:
    with filled(tmp_path, incident("inc-1", member("DiskFull", "db-1"))) as store:
        store.write(incident("inc-1", member("DiskFull", "db-2"), severity="high"), version=2)
        assert (store.found("db-1"), store.found("entity:db-1")) == ([], [])
        assert (store.found("db-2"), only(store).version, only(store).severity) == (["inc-1"], 2, 3)
        assert rows(store, "incident_texts") == 1


def test_an_older_version_changes_nothing(tmp_path: Path) -> None:
    with filled(tmp_path) as store:
        store.write(incident("inc-1", member("DiskFull", "db-1")), version=2)
        store.write(incident("inc-1", member("DiskFull", "db-2")), version=1)
        assert (store.found("db-1"), store.found("db-2")) == (["inc-1"], [])


def test_a_present_state_updates_the_line_and_new_names(tmp_path: Path) -> None:
    with filled(tmp_path, incident("inc-1", member("DiskFull", "db-1"))) as store:
        grown = incident("inc-1", member("DiskFull", "db-1", count=70), member("Slow", "web"), alert_count=73)
        store.store.refresh([Present(grown, 1, 5)])
        assert (only(store).alert_count, store.found("slow web")) == (73, ["inc-1"])
        # A state of another version, or of an earlier record, is left out as in the incidents table.
        store.store.refresh([Present(incident("inc-1", member("Other", "x")), 7, 9)])
        store.store.refresh([Present(incident("inc-1", member("Other", "x")), 1, 4)])
        assert (only(store).alert_count, store.found("other")) == (73, [])


def test_words_are_made_only_for_new_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled(tmp_path, incident("inc-1", member("DiskFull", "db-1"))) as store:
        monkeypatch.setattr(indexing, "words_of", lambda *_: pytest.fail("the names are the same"))
        for count in range(3):
            later = incident("inc-1", member("DiskFull", "db-1", count=count, message=f"{count} %"), alert_count=count)
            store.store.refresh([Present(later, 1, 5 + count)])
        assert only(store).alert_count == 2


def test_lines_and_words_go_with_their_incident(tmp_path: Path) -> None:
    gone = incident("inc-1", member("DiskFull", "db-1"), status="resolved", resolved_at=NOW - 60)
    with filled(tmp_path, gone, incident("inc-2", member("DiskFull", "db-2"))) as store:
        prune(store.store.database, NOW + 1e7, KeepConfig(incidents_s=3_600.0))
        assert (store.found(""), store.found("db-1"), store.found("db-2")) == (["inc-2"], [], ["inc-2"])
        assert (rows(store, "incident_lines"), rows(store, "incident_texts")) == (1, 1)
        assert store.reader.execute("select count(distinct number) from incident_terms").fetchone()[0] == 1


def test_removal_looks_words_up_one_by_one(tmp_path: Path) -> None:
    """The words of all other incidents are not read."""
    with filled(tmp_path) as store:
        (statement,) = store.reader.execute("select sql from sqlite_master where name = 'incident_removed'").fetchone()
        delete = statement.split("begin")[1].split(";")[0].replace("old.id", "'x'")
        plan = [row[3] for row in store.store.database._writer.execute(f"explain query plan {delete}")]
        assert plan[0] == "SEARCH incident_terms USING PRIMARY KEY (kind=? AND word=? AND number=?)"


def test_an_incident_without_anything_has_a_line(tmp_path: Path) -> None:
    with filled(tmp_path, Incident(id="inc-1")) as store:
        assert (only(store).status, only(store).opened_at, store.found("inc-1")) == ("open", NOW, ["inc-1"])
