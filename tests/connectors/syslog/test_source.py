"""A syslog source takes what real senders send: util-linux' logger, Python's handler, raw datagrams and TLS."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.syslog.options import may_send, networks
from aiops_connectors.syslog.source import SyslogSource

from aiops.errors import UsageError
from aiops.records import Alert
from aiops.testing.inbox import MemoryInbox
from tests.waiting import eventually

ERROR = b"<11>1 2026-02-28T23:59:01Z web-1 app 7 - - panic: nil map"


@contextmanager
def listening(inbox: MemoryInbox, **options: Any) -> Iterator[SyslogSource]:
    source = SyslogSource("syslog", {"port": 0, **options}, clock=lambda: 1_772_400_000.0)
    thread = threading.Thread(target=source.run, args=(inbox, None), daemon=True)
    thread.start()
    assert source.wait_started(60)
    try:
        yield source
    finally:
        source.stop()
        thread.join(60)
        assert not thread.is_alive()


def send(source: SyslogSource, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", source.port)) as connection:
        connection.sendall(data)


def alerts(inbox: MemoryInbox) -> list[Alert]:
    return [record for record in inbox.records if isinstance(record, Alert)]


def names(inbox: MemoryInbox) -> list[str]:
    return [record.name for record in alerts(inbox)]


def test_a_datagram_and_a_line_become_alerts() -> None:
    inbox = MemoryInbox()
    with listening(inbox) as source:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(ERROR, ("127.0.0.1", source.port))
        send(source, ERROR.replace(b"nil map", b"disk") + b"\n")
        eventually(lambda: len(inbox.records) == 2)
        assert sorted(names(inbox)) == ["panic: disk", "panic: nil map"]
        assert len({record.id for record in alerts(inbox)}) == 2
        assert source.health()["ok"]


def test_only_severe_messages_are_taken_and_the_others_counted() -> None:
    inbox = MemoryInbox()
    with listening(inbox, min_severity="high") as source:
        send(source, b"<14>1 - web-1 app - - - started\n<12>1 - web-1 app - - - slow\n" + ERROR + b"\n")
        eventually(lambda: source.health()["below_severity"] == 2 and len(inbox.records) == 1)
    assert names(inbox) == ["panic: nil map"]


def test_python_s_handler_is_understood() -> None:
    inbox = MemoryInbox()
    with listening(inbox) as source:
        handler = logging.handlers.SysLogHandler(("127.0.0.1", source.port))
        handler.ident = "billing: "
        handler.emit(logging.LogRecord("x", logging.CRITICAL, "", 0, "out of memory", None, None))
        handler.close()
        eventually(lambda: len(inbox.records) == 1)
    [record] = alerts(inbox)
    assert (record.service, record.severity, record.entity) == ("billing", "critical", "127.0.0.1")


@pytest.mark.skipif(shutil.which("logger") is None, reason="logger of util-linux is not installed")
@pytest.mark.parametrize(
    "flags", [["--tcp", "--rfc5424"], ["--udp", "--rfc3164"], ["--tcp", "--rfc5424", "--octet-count"]]
)
def test_logger_is_understood(flags: list[str]) -> None:
    inbox = MemoryInbox()
    with listening(inbox) as source:
        command = ["logger", *flags, "--server", "127.0.0.1", "--port", str(source.port), "--priority", "daemon.err"]
        subprocess.run([*command, "--tag", "backup", "no space left"], check=True, timeout=60)
        eventually(lambda: len(inbox.records) == 1)
    [record] = alerts(inbox)
    assert (record.name, record.service, record.severity) == ("no space left", "backup", "high")


def test_a_full_engine_makes_connections_wait_and_loses_nothing() -> None:
    inbox = MemoryInbox()
    inbox.full = True
    with listening(inbox) as source:
        send(source, b"".join(ERROR + b" %d\n" % number for number in range(3_000)))
        eventually(lambda: source.health()["connections"] == 1)
        inbox.full = False
        eventually(lambda: len(inbox.records) == 3_000)


def test_datagrams_beyond_the_bound_are_dropped_and_counted() -> None:
    inbox = MemoryInbox()
    inbox.full = True
    source = SyslogSource("syslog", {"max_waiting": 2})
    for _ in range(5):
        source.received(ERROR, "127.0.0.1")
    assert source.health()["dropped"] == 3
    assert source.health()["waiting"] == 2


def test_strangers_are_counted_and_not_taken() -> None:
    source = SyslogSource("syslog", {"allowed": ["10.0.0.0/8", "fd00::/8"]})
    for address in ("192.0.2.1", "nonsense"):
        source.received(ERROR, address)
    source.received(ERROR, "10.1.2.3")
    assert (source.health()["not_allowed"], source.health()["waiting"]) == (2, 1)


def test_networks_of_senders() -> None:
    allowed = networks(["10.0.0.0/8"], "x")
    assert may_send("::ffff:10.1.2.3", allowed)
    assert not may_send("11.0.0.1", allowed)
    assert may_send("::1", [])
    assert not may_send("10.1.2.3", [])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"udp": False, "tcp": False}, "udp or tcp"),
        ({"host": "0.0.0.0"}, "networks that may send"),
        ({"allowed": ["10.0.0.0/33"]}, r"allowed\[0\]"),
        ({"min_severity": "hihg"}, "unknown severity"),
        ({"certfile": "a.pem"}, "together"),
        ({"certfile": "/nowhere", "keyfile": "/nowhere"}, "expected a PEM file"),
        ({"client_ca_file": "a.pem"}, "needs certfile"),
        ({"certfile": "a", "keyfile": "b", "tcp": False}, "needs tcp"),
        ({"mapping": "no_such"}, "no_such"),
        ({"ports": 1}, "unknown option"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        SyslogSource("syslog", options)


def certificate(folder: Path) -> tuple[str, str]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return str(cert), str(key)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_messages_come_over_tls_from_senders_with_a_certificate(tmp_path: Path) -> None:
    inbox, (cert, key) = MemoryInbox(), certificate(tmp_path)
    with listening(inbox, certfile=cert, keyfile=key, client_ca_file=cert, udp=False) as source:
        context = ssl.create_default_context(cafile=cert)
        context.load_cert_chain(cert, key)
        with (
            socket.create_connection(("127.0.0.1", source.port)) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            connection.sendall(b"%d %s" % (len(ERROR), ERROR))
            eventually(lambda: len(inbox.records) == 1)
        with contextlib.suppress(OSError):
            _talk(source, ssl.create_default_context(cafile=cert))
        eventually(lambda: source.health()["connections"] == 0)
    assert len(inbox.records) == 1


def _talk(source: SyslogSource, context: ssl.SSLContext) -> None:
    """Send a message; a refused certificate shows at the first answer, or the connection just ends."""
    with (
        socket.create_connection(("127.0.0.1", source.port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(ERROR)
        connection.recv(1)


def test_an_address_in_use_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        source = SyslogSource("syslog", {"port": other.getsockname()[1]})
        with pytest.raises(Exception, match=r"sources\.syslog: 127\.0\.0\.1"):
            source.run(MemoryInbox(), None)


def test_hostile_bytes_become_records_or_dead_letters() -> None:
    inbox = MemoryInbox()
    hostile: list[Callable[[], bytes]] = [
        lambda: b"\xff\xfe\x00",
        lambda: b"<11>\xed\xa0\x80",
        lambda: b"<11>" + b"{" * 5_000,
    ]
    with listening(inbox) as source:
        for make in hostile:
            send(source, make() + b"\n")
        send(source, ERROR + b"\n")
        eventually(lambda: "panic: nil map" in names(inbox))
        assert source.health()["ok"]
