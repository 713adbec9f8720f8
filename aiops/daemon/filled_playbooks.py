"""Playbooks filled in for incidents: by the engine's view of them, or by their records alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiops.engine.incident_view import CurrentIncident
from aiops.errors import AiopsError
from aiops.records import Incident
from aiops.respond.filled import Filled, fill_in, view_of_record
from aiops.respond.format import Playbook
from aiops.topology import Topology


class FilledPlaybooks:
    """Fills in the playbooks of a catalogue.

    `find_incident` returns an incident as the engine holds it (`AiopsError` if it does not answer).
    """

    def __init__(
        self,
        playbooks: Mapping[str, Playbook],
        topology: Topology,
        find_incident: Callable[[str], CurrentIncident | None],
    ) -> None:
        self.playbooks = playbooks
        self._topology, self._find_incident = topology, find_incident

    def fill_in(self, incident: Incident, playbook: str) -> Filled | None:
        """Return a playbook with the commands for an incident; None for a name that is not in the catalogue."""
        found = self.playbooks.get(playbook)
        if found is None:
            return None
        current = self._current(incident.id)
        view = current.view if current is not None else view_of_record(incident)
        return fill_in(found, view, self._topology)

    def _current(self, incident: str) -> CurrentIncident | None:
        """Return the incident of the engine, of which a plan is made too; None if it has none or is too slow."""
        try:
            return self._find_incident(incident)
        except AiopsError:
            return None
