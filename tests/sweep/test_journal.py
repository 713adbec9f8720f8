"""A sweep of a journal: the judgements of people are the truth, and a part can be selected."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.app.engine import build_engine
from aiops.archive import Rejections, read
from aiops.backtest import replay
from aiops.config import Config
from aiops.journal import Meta, Writer
from aiops.journal.frame import encode_lines
from aiops.records import Action, Record
from aiops.sweep import Base, Request, Source, SweepReport, execute, plan
from aiops.topology import Topology

KEY = "correlate.sensitivity"


@pytest.fixture(scope="module")
def journal(hourly: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a daemon with the default settings, whose people confirmed each incident ten minutes later."""
    alerts = list(read([hourly], Rejections()))
    incidents = replay(alerts, build_engine(Config(), Topology())).incidents()
    records: list[Record] = [*alerts]
    for one in incidents:
        at = (one.opened_at or 0.0) + 600.0
        records.append(Action(ts=at, verb="confirm_grouping", id=f"act-{one.id}", incident=one.id))
    records.sort(key=lambda record: getattr(record, "ts", 0.0))
    for record in records:
        if hasattr(record, "truth"):
            record.truth = None
    folder = tmp_path_factory.mktemp("journal")
    writer = Writer(folder)
    for first in range(0, len(records), 50):
        frame = records[first : first + 50]
        writer.append(frame, encode_lines(frame), Meta())
    writer.close()
    return folder


def swept(journal: Path, base: Base, since: float | None = None, until: float | None = None) -> SweepReport:
    source = Source(journal=str(journal), since=since, until=until)
    return execute(plan(Request(source, base, (f"{KEY}=.01,.5",), suggest=True)), lambda one: None).report


def test_confirmed_groupings_are_the_truth(journal: Path) -> None:
    found = swept(journal, Base())
    assert found.truth == "feedback"
    scores = [row.scores.f1 for row in found.rows if row.scores is not None]
    assert scores[1] == 1.0
    assert scores[0] < 0.9
    assert found.suggestion is not None
    assert found.suggestion.verdict == "keep"
    assert "People judge the incidents that they were shown" in found.suggestion.text[-1]


def test_part_of_a_journal_is_too_short_for_a_suggestion(journal: Path) -> None:
    found = swept(journal, Base(), 0.0, 3 * 7_200.0)
    assert found.alerts == 180
    assert found.suggestion is not None
    assert found.suggestion.verdict == "none"
    assert "hold judged incidents" in found.suggestion.text[0]
