"""The figures of a running daemon fit the page that shows them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from aiops.app.build import build
from aiops.config import Config, HttpConfig, StateConfig
from aiops.ports import DeadLetter, Received
from aiops.records import Alert, Record
from aiops.views.engine_report import Figures
from tests.waiting import eventually


def test_figures_of_a_daemon_count_what_it_took(tmp_path: Path) -> None:
    daemon = build(Config(state=StateConfig(str(tmp_path)), http=HttpConfig(enabled=False)))
    daemon.start()
    try:
        records: list[Record] = [
            Alert(ts=daemon.clock(), name="DiskFull", entity=f"db-{n}", source="zabbix") for n in range(3)
        ]
        letters = [DeadLetter("test", "$", "expected a time")]
        assert daemon.inbox.put(Received(records, source="test", rejected=letters), 60)
        eventually(lambda: daemon.figures()["placed"]["received"] == 4)
        found = msgspec.convert(daemon.figures(), Figures)
    finally:
        daemon.stop()
    assert found.placed["rejected"] == 1
    assert sum(found.placed.values()) == 8
    assert [(one.name, one.count) for one in found.tools] == [("zabbix", 3)]
    assert [(one.name, one.rejected) for one in found.sources] == [("test", 1)]
    assert sum(found.alerts.minutes) == 3
    assert found.stages["journal"].count >= 1
    assert found.stages["journal"].mean_s > 0
    assert (found.disk.journal_bytes or 0) > 0
    assert (found.disk.free_bytes or 0) > 0
    assert [one.what for one in found.unconfigured][:1] == ["no endpoint"]
    assert found.ceiling == "suggest"
