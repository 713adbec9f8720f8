"""Values of a playbook's parameters for an incident."""

from __future__ import annotations

import msgspec

from aiops.collect.incident_values import values_for
from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause
from aiops.respond.format import Playbook
from aiops.topology import Topology
from tests.daemon.test_collecting import AT, PLAYBOOK


def test_values_are_those_of_the_alert_that_fits_and_hostile_ones_are_absent() -> None:
    facts = [
        AlertFact("other-1", "Up", 4, 1, AT, AT),
        AlertFact("cart-1", "Down", 4, 1, AT, AT, labels={"node": "a/../b"}),
    ]
    view = IncidentView("i-1", AT, facts, causes=[Cause("cart-1", confidence="high")])
    found = values_for(msgspec.convert(PLAYBOOK, Playbook), view, Topology())
    assert found.values == {"pod": "cart-1"}
    assert "expected text like" in found.missing["node"]
