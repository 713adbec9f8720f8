"""Open guarded runs of playbooks, where they are enabled."""

from __future__ import annotations

import logging
from pathlib import Path

from aiops.config import Config
from aiops.daemon.auto_runs import Candidate
from aiops.daemon.engine_questions import EngineQuestions
from aiops.daemon.operator_actions import OperatorActions
from aiops.daemon.parts import Core
from aiops.daemon.runs import Outlook, Runs, playbook_places, usable
from aiops.daemon.trail_anchor import StoreTrailAnchor
from aiops.engine.events import Feedback
from aiops.errors import AiopsError
from aiops.private import private_directory
from aiops.records import Action
from aiops.respond.audit import AuditError, Trail
from aiops.respond.catalogue import Catalogue, read_catalogue, shipped
from aiops.respond.local_transport import LocalTransport
from aiops.respond.secrets import Secrets
from aiops.respond.systems import read_systems
from aiops.respond.transport import RunTransport
from aiops.store import incidents
from aiops.store.store import Store
from aiops.telemetry.logs import log
from aiops.topology import Topology

# Open incidents that are considered for runs without a person; with more, a storm is on.
MAX_INCIDENTS = 100
# A commit and a step of the engine, on a slow disk.
_ACT_TIMEOUT_S = 5.0


def open_runs(core: Core, topology: Topology, catalogue: Catalogue) -> tuple[Runs | None, str]:
    """Return the guarded runs of a daemon, or the reason why there are none; neither if not enabled.

    An audit trail that was changed, or cannot be opened, stops runs and nothing else: alerts are still correlated.
    """
    config = core.config.respond
    if not config.enabled:
        return None, ""
    client = RunTransport(
        config.secrets,
        systems=read_systems(config),
        allow_private=config.allow_private,
        clock=core.clocks.wall,
    )
    transport = LocalTransport(client, config.exec)
    try:
        trail = _open_trail(core)
    except (AiopsError, OSError) as error:
        transport.close()
        return None, _report(error)
    reports = _RunReports(core.operator_actions)
    questions = EngineQuestions(core.pump, core.clocks.wall)
    outlook = Outlook(lambda: candidates(core.state.store), questions.fleet)
    try:
        runs = Runs(
            config,
            catalogue,
            topology,
            trail,
            transport,
            questions.incident,
            reports.learn,
            core.clocks.wall,
            reports.notify,
            outlook,
        )
    except AuditError as error:
        trail.close()
        transport.close()
        return None, _report(error)
    return runs, ""


def secret_warnings(config: Config, catalogue: Catalogue) -> list[str]:
    """Return why steps of playbooks could not be sent with their secrets, for `aiops config check`.

    Raise `UsageError` for systems that cannot work.
    """
    if not config.respond.enabled:
        return []
    secrets = Secrets(config.respond.secrets, read_systems(config.respond))
    found = [*secrets.problems(), *(why for one in catalogue.playbooks.values() for why in secrets.lacking(one))]
    return [f"secrets: warning: {why}; what needs it is not run" for why in dict.fromkeys(found)]


def candidates(store: Store) -> list[Candidate]:
    """Return the open incidents with their suggestions, the most severe first."""
    reader = store.database.reader
    lines = incidents.listed(reader, statuses=("open", "acknowledged"), limit=MAX_INCIDENTS)
    lines.sort(key=lambda line: (-line.severity, -line.opened_at))
    found = [stored for line in lines if (stored := incidents.get(reader, line.id)) is not None]
    return [
        Candidate(one.incident.id, one.version, [suggested.name for suggested in one.incident.playbooks])
        for one in found
        if one.incident.playbooks
    ]


def shipped_or_named(config: Config) -> Catalogue:
    """Return the playbooks that the configuration names, by default the shipped ones, that compile."""
    places = [Path(place) for place in playbook_places(config.playbooks.options)]
    return usable(read_catalogue(places or [shipped()]))


def _open_trail(core: Core) -> Trail:
    configured = core.config.respond.directory
    directory = Path(configured).expanduser() if configured else private_directory(core.state.directory / "runs")
    return Trail(directory / "audit.jsonl", StoreTrailAnchor(core.state.store.database))


def _report(error: Exception) -> str:
    reason = f"nothing can be run: {error}"
    log(logging.ERROR, reason)
    return reason


class _RunReports:
    """Reports of runs to the engine, as actions in its log."""

    def __init__(self, actions: OperatorActions) -> None:
        self._actions = actions

    def learn(self, incident: str, playbook: str, outcome: str) -> None:
        """Record whether a playbook helped; the models learn from it."""
        args = {"playbook": playbook, "outcome": outcome}
        self._act(Action(ts=0.0, verb="confirm_playbook", actor="aiops", incident=incident, args=args))

    def notify(self, incident: str, text: str, page: bool = False) -> bool:
        """Have people notified by a note on the incident, or called; after False it is tried again.

        If somebody must come, an incident that was resolved is opened again: its endpoints would get nothing.
        """
        found = self._note(incident, text, page)
        if page and found is not None and not found.applied:
            self._act(Action(ts=0.0, verb="reopen", actor="aiops", incident=incident))
            found = self._note(incident, text, page)
        if found is not None and not found.applied:
            log(logging.WARNING, f"{text}: nobody was notified: {found.reason}", incident=incident)
        return found is not None

    def _note(self, incident: str, text: str, page: bool) -> Feedback | None:
        args = {"text": text, **({"notify": "page"} if page else {})}
        return self._act(Action(ts=0.0, verb="note", actor="aiops", incident=incident, args=args))

    def _act(self, action: Action) -> Feedback | None:
        return self._actions.act(action, _ACT_TIMEOUT_S)
