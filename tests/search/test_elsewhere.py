"""Open incidents by service: another one, open, by its whole name."""

from __future__ import annotations

from pathlib import Path

from aiops.engine.events import IncidentChanged
from aiops.records import Incident
from aiops.search.elsewhere import open_elsewhere
from aiops.store.store import FrameDecisions, Store


def test_a_service_is_found_in_another_open_incident(tmp_path: Path) -> None:
    store = Store(tmp_path)
    own = [
        Incident(id="inc-1", opened_at=1.0, status="open", services=["web", "Cart API"]),
        Incident(id="inc-2", opened_at=2.0, status="resolved", services=["db"]),
        Incident(id="inc-3", opened_at=3.0, status="acknowledged", services=["web"], entities=["host-1"]),
    ]
    events = [IncidentChanged(number, 1.0, "opened", one, 1, []) for number, one in enumerate(own)]
    store.apply([FrameDecisions(0, 1.0, list(events))])
    reader = store.database.reader
    assert open_elsewhere(reader, ["web", "db", "host-1", "cart api", "we"], "inc-1") == {
        "web": "inc-3",
        "host-1": "inc-3",
    }
    assert open_elsewhere(reader, ["web", "Cart API"], "inc-3") == {"web": "inc-1", "Cart API": "inc-1"}
    assert open_elsewhere(reader, [], "inc-1") == {}
    assert open_elsewhere(reader, ["' or 1=1 --", "x" * 10_000], "inc-1") == {}
    store.close()
