"""One real PostgreSQL for all tests of a process, with a role that reads; the example of the kit."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from aiops.step_kinds.databases import Access
from aiops.step_kinds.systems import System
from aiops.testing.databases import DatabaseExample
from aiops.testing.postgresql import HOST, PostgresqlServer, ServerUnavailable
from aiops.testing.registered import ExampleUnavailable
from aiops_connectors.databases.postgresql import PostgresqlDatabase, PostgresqlOptions

READER, PASSWORD = "aiops_reader", "gate-keeper-7781"
# The statements of docs/playbooks.md that make the role.
ROLE = (f"create role {READER} login password '{PASSWORD}'", f"grant pg_monitor to {READER}")


class SharedServer(PostgresqlServer):
    """A server with the role that reads."""

    def system(
        self, name: str = "orders-db", *, login: str = "", database: str = "postgres", **options: Any
    ) -> PostgresqlDatabase:
        """Return the database as a collector reads it, over TCP."""
        system = System(
            *(name, "postgresql", f"postgresql://{HOST}:{self.port}/{database}", "login", options.pop("ca_file", None)),
            options=PostgresqlOptions(**options),
        )
        return PostgresqlDatabase(Access(system, True, lambda: login or f"{READER}:{PASSWORD}"))

    def execute(self, *statements: str) -> list[Any]:
        """Run statements as the administrator, and return the rows of the last one."""
        with closing(psycopg.connect(self.admin, autocommit=True)) as connection:
            cursor = connection.cursor()
            for text in statements:
                cursor.execute(text.encode())
            return cursor.fetchall() if cursor.description else []


@cache
def shared_server() -> SharedServer:
    """Return the server of this process, started once; raise `ServerUnavailable` without one."""
    made = SharedServer()
    atexit.register(_remove, made, os.getpid())
    made.__enter__()
    made.execute(*ROLE)
    return made


@contextmanager
def example(directory: Path) -> Iterator[DatabaseExample]:
    """Yield what the kit needs."""
    try:
        server = shared_server()
    except ServerUnavailable as error:
        raise ExampleUnavailable(str(error)) from error
    server.execute(
        "drop table if exists public.stock",
        "create table public.stock (name text, amount integer)",
        "insert into public.stock values ('bolt', 3), ('nut', null)",
        f"grant select on public.stock to {READER}",
    )
    yield DatabaseExample(server.system, "public.stock")


def _remove(server: PostgresqlServer, owner: int) -> None:
    if os.getpid() == owner:
        server.remove()
