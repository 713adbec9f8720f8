"""The values of a playbook's parameters for an incident, as its commands are filled in with them."""

from __future__ import annotations

from aiops.ports import IncidentView
from aiops.respond.format import Playbook
from aiops.respond.matching import compile_match, fit
from aiops.respond.parameters import Values, resolve
from aiops.respond.situation import situation
from aiops.respond.targets import leading, shown_for, target_of
from aiops.topology import Topology


def values_for(playbook: Playbook, view: IncidentView, topology: Topology) -> Values:
    """Return the valid values, and the reasons for those that are absent."""
    compiled, now = compile_match(playbook), situation(view, topology)
    found = fit(compiled, now)
    return resolve(playbook, shown_for(now, target_of(compiled, found, now)), leading(found, now))
