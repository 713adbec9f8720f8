"""Sessions of PostgreSQL: where they may lead, how they are encrypted, and how they end.

Parameters: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS,
https://www.postgresql.org/docs/current/runtime-config-client.html
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from aiops.http.connections import resolve
from aiops.http.network_guard import refusal
from aiops.step_kinds.databases import DatabaseFailed

if TYPE_CHECKING:
    import psycopg

# libpq waits two seconds or more for each address; two addresses are IPv4 and IPv6.
MIN_CONNECT_S, MAX_CONNECT_S, MAX_ADDRESSES = 2.0, 5.0, 2
# Behind a lock that somebody holds, a reader makes the next writer wait as well.
LOCK_TIMEOUT_S = 1.0
# How often a running statement is checked, and how long a cancelled one may take before its connection is closed.
WATCH_S, CANCEL_S = 0.05, 1.0
# The first version that knows the trust of the machine by a word, and rules for how a server gets a password.
MIN_LIBPQ = 160_000
_SYSTEM_TRUST = "system"


class Target(Struct, frozen=True):
    """A server and the role that reads it: from the configuration, but for the password."""

    host: str
    port: int
    database: str
    user: str = ""
    socket: str = ""
    ca_file: str | None = None
    allow_plaintext: bool = False
    allow_private: bool = False


def addresses(target: Target) -> list[str]:
    """Return the addresses that may be connected to; raise `DatabaseFailed` if there are none."""
    if target.socket:
        return [""]
    try:
        found = resolve(target.host, target.port)
    except OSError as error:
        raise DatabaseFailed(f"the host's name has no address: {error.strerror or error}") from None
    refusals = [refusal(one, allow_private=target.allow_private) for one in found]
    good = [one for one, why in zip(found, refusals, strict=True) if why is None]
    if not good:
        hint = "" if target.allow_private else "; respond.allow_private = true permits private addresses"
        raise DatabaseFailed(f"refused to connect: the host leads to {next(iter(refusals), 'no address')}{hint}")
    return good[:MAX_ADDRESSES]


def parameters(target: Target, address: str) -> dict[str, Any]:
    """Return the parameters of a connection to one address."""
    made: dict[str, Any] = {
        "dbname": target.database,
        "port": target.port,
        "application_name": "aiops",
        "client_encoding": "UTF8",
        "gssencmode": "disable",
    }
    if target.user:
        made["user"] = target.user
    if target.socket:
        return {**made, "host": target.socket, "sslmode": "disable"}
    made |= {"host": target.host, "hostaddr": address}
    if target.ca_file is None and (target.allow_plaintext or _is_loopback(address)):
        # Without a certificate that was checked, a password is never sent as it is.
        return {**made, "sslmode": "prefer", "require_auth": "!password"}
    trust = target.ca_file or ssl.get_default_verify_paths().cafile
    return {**made, "sslmode": "verify-full", "sslrootcert": trust or _SYSTEM_TRUST}


def settings(timeout_s: float) -> str:
    """Return the settings of a session, which hold from its first statement on."""
    limit = max(1, int(timeout_s * 1_000))
    chosen = {
        "default_transaction_read_only": "on",
        "statement_timeout": limit,
        "lock_timeout": min(limit, int(LOCK_TIMEOUT_S * 1_000)),
        "idle_in_transaction_session_timeout": limit + 1_000,
        # A function that somebody put into `public` must not stand in for one of the system.
        "search_path": "pg_catalog",
        "standard_conforming_strings": "on",
        "max_parallel_workers_per_gather": 0,
        "jit": "off",
        "DateStyle": "ISO",
        "IntervalStyle": "postgres",
        "TimeZone": "UTC",
    }
    return " ".join(f"-c {name}={value}" for name, value in chosen.items())


@contextmanager
def ended_in_time(
    connection: psycopg.Connection[Any], ends: float, gate: Callable[[], bool], monotonic: Callable[[], float]
) -> Iterator[None]:
    """Cancel what runs at `ends`, or once `gate` returns False; close the connection if that is no help.

    The server ends a statement in time on its own; this holds where it cannot, or the network is lost.
    """
    done = threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_S):
            if monotonic() > ends or not gate():
                # Where it cannot be cancelled, it is cut off.
                with suppress(Exception):
                    connection.cancel_safe(timeout=CANCEL_S)
                if not done.wait(CANCEL_S):
                    with suppress(OSError):
                        line.shutdown(socket.SHUT_RDWR)
                return

    # A file descriptor of its own: that of the connection may be closed, and be another's, by then.
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        watcher = threading.Thread(target=watch, name="aiops-pg-watch", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def connect_s(left: float) -> int:
    """Return the seconds that libpq gets for one address."""
    return int(max(MIN_CONNECT_S, min(MAX_CONNECT_S, left)))


def _is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback
