"""Open the read-only diagnosis of incidents, where systems are configured that it can read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from aiops.collect.budget import Budget
from aiops.collect.database_reader import DatabaseReader
from aiops.collect.http_reader import HttpReader, HttpSystem
from aiops.collect.readers import Reader, Readers
from aiops.daemon.collect_queue import CollectQueue
from aiops.daemon.collecting import Clocks, Collecting, Sources
from aiops.daemon.engine_questions import EngineQuestions
from aiops.daemon.parts import Core
from aiops.errors import AiopsError
from aiops.respond.catalogue import Catalogue
from aiops.respond.collectors import Collect
from aiops.respond.config import RespondConfig
from aiops.respond.database_kinds import installed
from aiops.respond.read_systems import READ_KINDS, HttpOptions
from aiops.respond.secrets import secret_value
from aiops.respond.systems import read_systems
from aiops.respond.transport import RunTransport
from aiops.step_kinds.databases import Access, Database, DatabaseFailed
from aiops.step_kinds.systems import System
from aiops.store.findings import FindingsTable
from aiops.topology import Topology


def open_readers(config: RespondConfig, clock: Callable[[], float]) -> Readers:
    """Return the systems that collectors may read, by name; none where collecting is off.

    Raise `UsageError` for options that do not fit. A read whose secret is missing then has no answer.
    """
    if not config.enabled or not config.collect:
        return {}
    readable = {*READ_KINDS, *installed().kinds}
    systems = {name: one for name, one in read_systems(config).items() if one.kind in readable}
    if not systems:
        return {}
    # Of its own: a read that hangs keeps no connection from a run.
    transport = RunTransport(config.secrets, systems=systems, allow_private=config.allow_private, clock=clock)
    return {name: _reader(one, transport, config) for name, one in systems.items()}


def open_databases(config: RespondConfig) -> dict[str, Database]:
    """Return the databases that collectors may read, by the name of their system; nothing is connected to."""
    known = installed().kinds
    return {name: _database(one, config) for name, one in read_systems(config).items() if one.kind in known}


def checked_databases(config: RespondConfig) -> list[str]:
    """Connect to each database, and return what the operator should know of it.

    Raise `AiopsError` once all were tried, with those that nothing can be read from.
    """
    lines, failed = list[str](), list[str]()
    for name, database in open_databases(config).items():
        try:
            warnings = database.check()
        except DatabaseFailed as error:
            failed.append(f"respond.systems.{name}: {error}")
        else:
            lines += [f"system {name}: connected", *(f"system {name}: warning: {one}" for one in warnings)]
        finally:
            database.close()
    if failed:
        raise AiopsError("; ".join(failed))
    return lines


def read_playbooks(catalogue: Catalogue, readers: Readers) -> list[str]:
    """Return the playbooks with collectors, if there is a system to read.

    What a playbook would read of another one that is not configured is stated on the incident.
    """
    return [
        name
        for name, playbook in catalogue.playbooks.items()
        if readers and any(isinstance(one, Collect) for one in playbook.diagnosis)
    ]


def open_collecting(
    core: Core, topology: Topology, catalogue: Catalogue, readers: Readers, queue: CollectQueue
) -> Collecting | None:
    """Return the workers; None where there is nothing to read."""
    if not readers:
        return None
    config, clocks = core.config.respond, Clocks(core.clocks.wall, core.clocks.monotonic)
    find_incident = EngineQuestions(core.pump, core.clocks.wall).incident
    sources = Sources(catalogue.playbooks, topology, readers, find_incident, core.operator_actions.act)
    budget = Budget(config.collect_per_minute, config.collect_per_incident)
    return Collecting(sources, FindingsTable(core.state.store.database), queue, budget, clocks)


def _reader(system: System, transport: RunTransport, config: RespondConfig) -> Reader:
    if system.kind in installed().kinds:
        return DatabaseReader(system, _database(system, config))
    allowed = system.options.read_paths if isinstance(system.options, HttpOptions) else []
    address = HttpSystem(system.name, system.kind, system.url, system.secret, allowed, system.entities)
    return HttpReader(address, transport)


def _database(system: System, config: RespondConfig) -> Database:
    name = system.secret
    secret = partial(secret_value, name, config.secrets[name]) if name is not None else None
    return installed().kinds[system.kind](Access(system, config.allow_private, secret))
