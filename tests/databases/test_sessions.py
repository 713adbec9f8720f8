"""Sessions lead where they may, are encrypted where they must be, and fail with a reason that names no secret."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiops_connectors.databases import sessions
from aiops_connectors.databases.example import PASSWORD, READER, SharedServer
from aiops_connectors.databases.postgresql import PostgresqlDatabase, PostgresqlOptions
from aiops_connectors.databases.sessions import Target, addresses, parameters, settings

from aiops.errors import UsageError
from aiops.step_kinds.databases import Access, Database, DatabaseFailed, Statement
from aiops.step_kinds.systems import System
from aiops.testing.postgresql import PostgresqlServer

ELSEWHERE = Target("db.example", 5432, "orders")
QUERY = Statement("select 1", {}, 1, 5.0)


def database(url: str, login: str = "r:hunter2", *, allow_private: bool = True, **fields: Any) -> Database:
    options = PostgresqlOptions(**fields.pop("options", {}))
    system = System("orders", "postgresql", url, "login", fields.pop("ca_file", None), options)
    return PostgresqlDatabase(Access(system, allow_private, (lambda: login) if login else None))


@pytest.mark.parametrize(
    ("target", "address", "expected"),
    [
        (ELSEWHERE, "192.0.2.7", ("verify-full", None)),
        (Target("db.example", 5432, "orders", ca_file="/ca.pem"), "192.0.2.7", ("verify-full", None)),
        (Target("localhost", 5432, "orders", ca_file="/ca.pem"), "127.0.0.1", ("verify-full", None)),
        (Target("localhost", 5432, "orders"), "127.0.0.1", ("prefer", "!password")),
        (Target("localhost", 5432, "orders"), "::1", ("prefer", "!password")),
        (Target("db.example", 5432, "orders", allow_plaintext=True), "192.0.2.7", ("prefer", "!password")),
        (Target("", 5432, "orders", socket="/run/postgresql"), "", ("disable", None)),
    ],
)
def test_a_connection_to_another_host_is_encrypted_and_its_certificate_checked(
    target: Target, address: str, expected: tuple[str, str | None]
) -> None:
    made = parameters(target, address)
    assert (made["sslmode"], made.get("require_auth")) == expected
    assert made.get("hostaddr", "") == address
    if expected[0] == "verify-full":
        assert made["sslrootcert"] == (target.ca_file or ssl.get_default_verify_paths().cafile or "system")


def test_without_a_file_of_certificates_the_library_finds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ssl.get_default_verify_paths()._replace(cafile=None)  # type: ignore[arg-type]
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    assert parameters(ELSEWHERE, "192.0.2.7")["sslrootcert"] == "system"


def test_an_old_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot be forbidden to send a password as it is."""
    monkeypatch.setattr(psycopg.pq, "version", lambda: 150_000)
    with pytest.raises(UsageError, match="needs libpq 16 or newer"):
        database("postgresql://db.example/a")


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ["10.0.0.7", "169.254.169.254", "8.8.8.8", "8.8.4.4", "9.9.9.9"]
    monkeypatch.setattr(sessions, "resolve", lambda host, port: found)
    assert addresses(ELSEWHERE) == ["8.8.8.8", "8.8.4.4"]
    found[2:] = []
    with pytest.raises(DatabaseFailed, match=r"leads to a private address; respond\.allow_private = true"):
        addresses(ELSEWHERE)
    found[:] = ["127.0.0.1"]
    with pytest.raises(DatabaseFailed, match="leads to this host"):
        database("postgresql://db.example/a", allow_private=False).select(QUERY, lambda: True)
    found[:] = ["169.254.169.254"]
    with pytest.raises(DatabaseFailed, match="a cloud's metadata service"):
        addresses(Target("db.example", 1, "a", allow_private=True))


def test_every_session_is_bounded() -> None:
    made = settings(0.3)
    for one in ("default_transaction_read_only=on", "statement_timeout=300", "lock_timeout=300",
                "idle_in_transaction_session_timeout=1300", "search_path=pg_catalog"):  # fmt: skip
        assert f"-c {one}" in made
    assert "lock_timeout=1000 " in settings(30.0)


@pytest.mark.parametrize(
    ("url", "fields", "problem"),
    [
        ("postgresql://db.example", {}, r"respond\.systems\.orders\.url: expected postgresql://host:port/database"),
        ("postgresql://db.example/a?sslmode=disable", {}, r"\.url: expected"),
        ("postgresql:///a", {}, r"\.options\.socket: expected either a host"),
        ("postgresql://db.example/a", {"options": {"socket": "/run"}}, r"\.options\.socket: expected either a host"),
        ("postgresql://db.example/a", {"options": {"user": "b"}}, r"\.options\.user: expected either"),
        ("postgresql://db.example/a", {"login": ""}, r"\.options\.user: expected either"),
        ("postgresql://db.example/a", {"login": "hunter2"}, r"expected `role:password` \(got something else\)"),
        ("postgresql://db.example/a", {"ca_file": "/a", "options": {"allow_plaintext": True}}, "allow_plaintext"),
    ],
)
def test_a_system_that_cannot_work_is_refused_at_the_start(url: str, fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as failed:
        database(url, **fields)
    assert "hunter2" not in str(failed.value)


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(UsageError, match=r"pip install 'aiops-engine\[postgresql\]'"):
        database("postgresql://db.example/a")


def test_nobody_listens(postgresql: SharedServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(DatabaseFailed, match=r"[Cc]onnection refused") as failed:
            database(f"postgresql://127.0.0.1:{port}/a").select(QUERY, lambda: True)
    assert "hunter2" not in str(failed.value)


@pytest.fixture
def imposter() -> Iterator[int]:
    """A server that asks for the password as it is, and keeps what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as line:
                if line.recv(8)[4:] == b"\x04\xd2\x16\x2f":
                    line.sendall(b"N")
                    line.recv(1_000)
                line.sendall(b"R\x00\x00\x00\x08\x00\x00\x00\x03")
                got.append(line.recv(1_000))

        got: list[bytes] = []
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(60)
        assert b"hunter2" not in b"".join(got)


def test_a_password_is_never_sent_as_it_is_without_a_checked_certificate(imposter: int) -> None:
    with pytest.raises(DatabaseFailed, match="authentication"):
        database(f"postgresql://127.0.0.1:{imposter}/a").select(QUERY, lambda: True)


def test_a_socket_needs_no_password(postgresql: SharedServer) -> None:
    postgresql.execute("drop role if exists local_reader", "create role local_reader login")
    options = {"socket": str(postgresql.directory), "user": "local_reader"}
    found = database(f"postgresql://:{postgresql.port}/postgres", login="", options=options)
    assert found.select(Statement("select session_user::text", {}, 1, 5.0), lambda: True).rows == [["local_reader"]]
    assert found.secrets == []


def test_a_server_that_crashes_in_the_middle_and_certificates_are_checked(
    tmp_path: Path, postgresql: SharedServer
) -> None:
    """One server of its own for both: it speaks TLS with a certificate for `localhost` of its own authority."""
    server = PostgresqlServer(["ssl=on"])
    try:
        server.prepare()
        made = [*("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
                *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
                *("-keyout", f"{server.directory}/data/server.key"),
                *("-out", f"{server.directory}/data/server.crt")]  # fmt: skip
        subprocess.run(server.as_owner(made), check=True, capture_output=True, cwd=server.directory)
        ca_file = tmp_path / "ca.pem"
        ca_file.write_bytes((server.directory / "data" / "server.crt").read_bytes())
        server.start()
        with psycopg.connect(server.admin, autocommit=True) as admin:
            admin.execute(f"create role {READER} login password '{PASSWORD}'")
        login = f"{READER}:{PASSWORD}"
        url = f"postgresql://localhost:{server.port}/postgres"
        encrypted = Statement("select ssl from pg_stat_ssl where pid = pg_backend_pid()", {}, 1, 5.0)
        assert database(url, login, ca_file=str(ca_file)).select(encrypted, lambda: True).rows == [[True]]
        with pytest.raises(DatabaseFailed, match="certificate"):
            # The certificate is for the name, and not for the address.
            database(url.replace("localhost", "127.0.0.1"), login, ca_file=str(ca_file)).select(encrypted, lambda: True)
        other = tmp_path / "other.pem"
        other.write_text(Path(ssl.get_default_verify_paths().cafile or "/dev/null").read_text())
        with pytest.raises(DatabaseFailed, match="certificate"):
            database(url, login, ca_file=str(other)).select(encrypted, lambda: True)
        crashing = Statement("select i from generate_series(1, 100000000000) as i where i < 0", {}, 1, 30.0)
        looks = iter(range(10_000))
        with pytest.raises(DatabaseFailed, match=r"the connection was lost: |terminating connection"):
            # The gate is looked at while the statement runs.
            database(url, login, ca_file=str(ca_file)).select(crashing, lambda: next(looks) < 4 or crash(server))
    finally:
        server.remove()


def crash(server: PostgresqlServer) -> bool:
    server.kill()
    return True
