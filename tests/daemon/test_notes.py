"""A note is notified at once: a person must do something."""

from __future__ import annotations

from pathlib import Path

from aiops.config import EndpointConfig
from aiops.engine.events import IncidentChange, IncidentChanged
from aiops.notify.policy import EndpointPolicy
from aiops.records import Incident
from aiops.store.store import FrameDecisions, Store


def test_note_is_sent_at_once_however_many_updates_there_were(tmp_path: Path) -> None:
    endpoint = EndpointConfig("pager", "webhook", settle_s={"critical": 0.0}, max_updates=0, update_every_s=600.0)
    store = Store(tmp_path, EndpointPolicy([endpoint]))

    def tell(version: int, change: IncidentChange, what: list[str], *explanation: str) -> None:
        incident = Incident(id="i1", severity="critical", explanation=["They began together.", *explanation])
        event = IncidentChanged(
            seq=version, at=100.0 + version, change=change, incident=incident, version=version, what=what
        )
        store.apply([FrameDecisions(version, 100.0 + version, [event])])

    tell(1, "opened", [])
    store.outbox.sent([row.id for row in store.outbox.claim(101.0, 5, ["pager"])], 101.0)
    tell(2, "updated", ["members"])
    tell(3, "updated", ["note"], "The rollback waits for a person.")
    [row] = store.outbox.claim(103.0, 5, ["pager"])
    assert (row.version, row.change) == (3, "updated")
    assert "The rollback waits for a person." in row.news
    store.close()
