"""A whole daemon, a real lock: the service that holds it becomes the first suspect, though it never alerted."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgspec
import psycopg
import pytest
from aiops_connectors.databases.example import PASSWORD, READER, SharedServer

from aiops.app.build import build_daemon
from aiops.app.engine import build_engine
from aiops.config import Config, StateConfig
from aiops.daemon.opening import Clocks
from aiops.engine.config import IncidentConfig
from aiops.ports import Received
from aiops.records import Alert, Incident
from aiops.respond.config import RespondConfig
from aiops.store import incidents
from aiops.store.findings import FindingsTable
from aiops.topology import Edge, Node, Topology
from tests.waiting import eventually

SITE = Topology.build(
    [Node("orders-db", "database"), *(Node(name, "service") for name in ("checkout", "billing", "shipping"))],
    [Edge(name, "orders-db", "queries") for name in ("checkout", "billing", "shipping")],
)
ALERTS = (("checkout", "CheckoutLatencyHigh"), ("shipping", "ShippingErrors"), ("orders-db", "PostgresqlSlowQueries"))


def test_the_holder_of_a_lock_is_named_with_its_evidence(
    postgresql: SharedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_DB", f"{READER}:{PASSWORD}")
    postgresql.execute("create table if not exists public.stocked (id integer)", "truncate public.stocked",
                       "insert into public.stocked values (1)")  # fmt: skip
    change = b"update public.stocked set id = 2"
    url, secret = f"postgresql://127.0.0.1:{postgresql.port}/postgres", {"use": "basic", "env": "ORDERS_DB"}
    system = {"kind": "postgresql", "url": url, "secret": "orders"}
    # Another database, which nobody reaches: it must not be read for this incident.
    other = {"kind": "postgresql", "url": "postgresql://127.0.0.1:9/x", "secret": "orders", "entities": ["users-db"]}
    respond = {"allow_private": True, "secrets": {"orders": {**secret, "hosts": ["127.0.0.1"]}},
               "systems": {"orders": {**system, "entities": ["orders-db*"]}, "users": other}}  # fmt: skip
    config = Config(
        state=StateConfig(str(tmp_path)),
        incidents=IncidentConfig(rank_after_s=0.2),
        respond=msgspec.convert(respond, RespondConfig),
    )
    with ExitStack() as stack:
        names = ("billing", "checkout")
        holder, waiting = (
            stack.enter_context(psycopg.connect(postgresql.admin, application_name=name)) for name in names
        )
        for one in (waiting, holder):
            stack.callback(one.close)
        holder.execute(change)
        waiting.execute("select 1")
        waiting.pgconn.send_query(change)
        eventually(lambda: postgresql.execute("select 1 from pg_locks where not granted"))
        daemon = build_daemon(config, partial(build_engine, config, SITE), [], Clocks(), topology=SITE)
        daemon.start()
        stack.callback(daemon.stop)
        now = time.time()
        alerts = [
            Alert(ts=now - 3 + age, name=name, entity=entity, service=entity, severity="critical")
            for age, (entity, name) in enumerate(ALERTS)
        ]
        assert daemon.inbox.put(Received([*alerts]), 60)

        def found() -> Incident | None:
            reader = daemon.store.database.reader
            listed = incidents.listed(reader)
            stored = incidents.get(reader, listed[0].id) if listed else None
            return stored.incident if stored is not None and stored.incident.findings else None

        incident = eventually(found)
        assert isinstance(incident, Incident)
        reads = {one.collector: one for one in FindingsTable(daemon.store.database).of(incident.id)}
        # Systems that are not configured are stated as well.
        made = [one for one in reads.values() if one.state != "skipped"]
        assert [(one.system, one.state) for one in made] == [("orders", "done")] * 3
        assert {"billing", "orders-db"} <= {one.entity for one in incident.findings}
        # Whose alerts nobody saw: the database alone shows that it is the cause.
        assert incident.causes[0].entity == "billing"
        assert "finding" in {one.name for one in incident.causes[0].evidence}
