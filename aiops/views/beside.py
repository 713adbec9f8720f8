"""The daemon's part of a brief: playbooks filled in and planned, runs, the measure of causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from aiops.errors import AiopsError
from aiops.records import Incident
from aiops.respond.filled import Filled
from aiops.respond.format import Playbook
from aiops.respond.history import Run
from aiops.respond.plans import Plan
from aiops.respond.steps import can_run
from aiops.views.brief import Beside
from aiops.views.playbook_card import Source
from aiops.views.service_graph import ServiceGraph


class Planning(Protocol):
    """Guarded runs, as a brief uses them; both may raise `AiopsError`."""

    def plan(self, incident: str, playbook: str) -> Plan:
        """Make a dry run."""
        ...

    def of(self, incident: str) -> Sequence[Run]:
        """Return the runs for an incident, last started first."""
        ...


class Knowing(Protocol):
    """The daemon, as a brief uses it."""

    @property
    def services(self) -> ServiceGraph:
        """Return the services of the topology."""
        ...

    @property
    def playbooks(self) -> Mapping[str, Playbook]:
        """Return the playbooks in use by name."""
        ...

    @property
    def runs(self) -> Planning | None:
        """Return the guarded runs, if there are any."""
        ...

    def filled(self, incident: Incident, playbook: str) -> Filled | None:
        """Return a playbook filled in for an incident."""
        ...

    def calibration(self) -> Mapping[str, Any] | None:
        """Return the measure of causes; may raise `AiopsError`."""
        ...


def beside_of(host: Knowing, incident: Incident) -> Beside:
    """Return what a daemon knows beside the store."""
    runs = list(host.runs.of(incident.id)) if host.runs is not None else []
    source = Source(partial(host.filled, incident), partial(_plan, host, incident), runs)
    return Beside(host.services, _calibration(host), source)


def _calibration(host: Knowing) -> Mapping[str, Any] | None:
    try:
        return host.calibration()
    except AiopsError:
        # A page without this figure is better than none while the engine is busy.
        return None


def _plan(host: Knowing, incident: Incident, name: str) -> Plan | str | None:
    """Return the dry run of a playbook, why there is none, or None if no step of it can be sent."""
    known = host.playbooks.get(name)
    if known is None or not can_run(known.steps):
        return None
    if incident.status in ("resolved", "merged"):
        return None
    if host.runs is None:
        return "Runs are unavailable: respond.enabled is false, or the engine's health shows the reason."
    try:
        return host.runs.plan(incident.id, name)
    except AiopsError as error:
        return str(error)
