"""Messages of a Maildir and of a mail server become alerts; nothing is lost while the engine is full."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from mailbox import Maildir as Mailbox
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.mail.maildir import Maildir
from aiops_connectors.mail.messages import sender_of
from aiops_connectors.mail.options import is_wanted
from aiops_connectors.mail.source import MailSource

from aiops.errors import UsageError
from aiops.ports import DeadLetter, Received
from aiops.records import Alert
from aiops.testing.inbox import MemoryInbox
from tests.waiting import eventually


class Counting(MemoryInbox):
    """Counts what it refuses while it is full."""

    refused = 0

    def put(self, received: Received, timeout_s: float) -> bool:
        """See `MemoryInbox.put`."""
        self.refused += self.full
        return super().put(received, timeout_s)


def message(subject: str, sender: str = "icinga@mon.example", text: str = "Host: web-1\n") -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, f"Icinga <{sender}>", "alerts@aiops.example"
    made["Message-ID"] = f"<{abs(hash(subject))}@mon.example>"
    made.set_content(text)
    return made


@contextmanager
def running(inbox: MemoryInbox, **options: Any) -> Iterator[MailSource]:
    source = MailSource("mail", options)
    thread = threading.Thread(target=source.run, args=(inbox, None), daemon=True)
    thread.start()
    try:
        yield source
    finally:
        source.stop()
        thread.join(60)
        assert not thread.is_alive()


def taken(inbox: MemoryInbox) -> list[Alert]:
    return [record for record in inbox.records if isinstance(record, Alert)]


def alerts(inbox: MemoryInbox) -> list[tuple[str, str]]:
    return [(record.name, record.status) for record in taken(inbox)]


def rejected(inbox: MemoryInbox) -> list[DeadLetter]:
    return [letter for received in inbox.taken for letter in received.rejected]


def test_a_maildir_is_read_and_its_messages_are_kept(tmp_path: Path) -> None:
    box, inbox = Mailbox(tmp_path / "box"), MemoryInbox()
    box.add(message("PROBLEM: disk full"))
    with running(inbox, maildir=str(tmp_path / "box"), poll_s=0.05) as source:
        eventually(lambda: len(inbox.records) == 1)
        box.add(message("RECOVERY: disk full"))
        eventually(lambda: len(inbox.records) == 2)
        eventually(lambda: source.health()["records"] == 2)
    assert alerts(inbox) == [("disk full", "firing"), ("disk full", "resolved")]
    assert taken(inbox)[0].key == taken(inbox)[1].key
    assert len(list((tmp_path / "box" / "cur").iterdir())) == 2
    assert not list((tmp_path / "box" / "new").iterdir())


def test_a_message_waits_in_new_while_the_engine_is_full(tmp_path: Path) -> None:
    box, inbox = Mailbox(tmp_path / "box"), Counting()
    inbox.full = True
    box.add(message("PROBLEM: disk full"))
    with running(inbox, maildir=str(tmp_path / "box"), poll_s=0.05):
        eventually(lambda: inbox.refused > 0)
    assert len(list((tmp_path / "box" / "new").iterdir())) == 1
    inbox.full = False
    with running(inbox, maildir=str(tmp_path / "box"), poll_s=0.05):
        eventually(lambda: len(inbox.records) == 1)


def test_a_message_read_twice_gives_the_same_records(tmp_path: Path) -> None:
    source = MailSource("mail", {"maildir": str(tmp_path)})
    assert isinstance(source._reader, Maildir)
    raw = bytes(message("PROBLEM: disk full"))
    first, second = (source._messages.received(raw, 5.0).records for _ in range(2))
    assert first == second


def test_a_missing_maildir_is_reported_and_waited_for(tmp_path: Path) -> None:
    inbox = MemoryInbox()
    with running(inbox, maildir=str(tmp_path / "later"), poll_s=0.05) as source:
        eventually(lambda: "cannot read" in source.health()["detail"])
        assert not source.health()["ok"]
        Mailbox(tmp_path / "later").add(message("PROBLEM: disk full"))
        eventually(lambda: len(inbox.records) == 1)
        eventually(lambda: source.health()["ok"])


def test_unwanted_and_too_long_messages_are_counted(tmp_path: Path) -> None:
    box, inbox = Mailbox(tmp_path / "box"), MemoryInbox()
    box.add(message("PROBLEM: spam", sender="x@elsewhere.example"))
    box.add(message("PROBLEM: long", text="x" * 5_000))
    options = {"maildir": str(tmp_path / "box"), "senders": ["@mon.example"], "max_message_bytes": 2_000}
    with running(inbox, poll_s=0.05, **options) as source:
        eventually(lambda: source.health()["unwanted"] == 1 and len(rejected(inbox)) == 1)
    assert not inbox.records
    assert "at most 2000 bytes" in rejected(inbox)[0].reason


@pytest.mark.parametrize(("protocol", "client"), [("smtp", smtplib.SMTP), ("lmtp", smtplib.LMTP)])
def test_a_mail_server_delivers(protocol: str, client: type[smtplib.SMTP]) -> None:
    pytest.importorskip("aiosmtpd", reason="the extra mail is not installed")
    inbox = MemoryInbox()
    with running(inbox, listen=protocol, port=0) as source:
        port = source.wait_started(60)
        with client("127.0.0.1", port or 0) as server:
            assert server.send_message(message("PROBLEM: disk full")) == {}
            assert server.send_message(message("RECOVERY: disk full")) == {}
        assert source.health()["records"] == 2
    assert alerts(inbox) == [("disk full", "firing"), ("disk full", "resolved")]


def test_lmtp_answers_for_each_recipient() -> None:
    pytest.importorskip("aiosmtpd", reason="the extra mail is not installed")
    inbox = MemoryInbox()
    with running(inbox, listen="lmtp", port=0) as source, socket.socket() as connection:
        connection.connect(("127.0.0.1", source.wait_started(60) or 0))
        stream = connection.makefile("rwb")
        commands = ["LHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "RCPT TO:<e@f.example>", "DATA"]
        stream.readline()
        for command in commands:
            stream.write(f"{command}\r\n".encode())
            stream.flush()
            while stream.readline()[3:4] == b"-":
                pass
        stream.write(bytes(message("PROBLEM: disk full")) + b"\r\n.\r\n")
        stream.flush()
        assert [stream.readline()[:3] for _ in range(2)] == [b"250", b"250"]
    assert len(inbox.records) == 1


def test_a_full_engine_makes_the_mail_server_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = pytest.importorskip("aiops_connectors.mail.listener", reason="the extra mail is not installed")
    monkeypatch.setattr(listener, "PUT_S", 0.1)
    inbox = MemoryInbox()
    inbox.full = True
    with running(inbox, listen="smtp", port=0, senders=["@mon.example"]) as source:
        with smtplib.SMTP("127.0.0.1", source.wait_started(60) or 0) as server:
            with pytest.raises(smtplib.SMTPDataError) as busy:
                server.send_message(message("PROBLEM: disk full"))
            with pytest.raises(smtplib.SMTPSenderRefused):
                server.send_message(message("PROBLEM: spam", sender="x@elsewhere.example"))
        assert busy.value.smtp_code == 451
        assert (source.health()["full"], source.health()["unwanted"]) == (1, 1)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "either maildir or listen"),
        ({"maildir": "x", "listen": "smtp"}, "got both"),
        ({"listen": "smtp", "host": "0.0.0.0"}, "loopback"),
        ({"maildir": "x", "senders": ["mon.example"]}, r"senders\[0\]"),
        ({"maildir": "x", "mapping": "no_such"}, "no_such"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        MailSource("mail", options)


@pytest.mark.parametrize(
    ("raw", "sender"),
    [
        (b"Return-Path: <bounce@mon.example>\nFrom: a@b\n\nx", "bounce@mon.example"),
        (b"From: Ops <ops@mon.example>\n\nx", "ops@mon.example"),
        (b"no headers", ""),
        (b"From: " + b"<" * 100_000, ""),
    ],
)
def test_the_sender_of_a_stored_message(raw: bytes, sender: str) -> None:
    assert sender_of(raw) == sender


def test_a_domain_that_only_ends_so_is_not_wanted() -> None:
    assert is_wanted("Ops@Mon.example", ["ops@mon.example"])
    assert not is_wanted("ops@evilmon.example", ["@mon.example"])
    assert not is_wanted("ops@mon.example.evil", ["@mon.example"])


def test_the_sender_of_a_message_with_deeply_nested_parts() -> None:
    # Reading its parts exceeded the depth of recursion, which ended the source.
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(1_000))
    assert sender_of(b"From: ops@example.org\n" + b"".join(heads)) == "ops@example.org"


def test_a_message_that_cannot_be_moved_does_not_hold_up_the_others(tmp_path: Path) -> None:
    inbox = MemoryInbox()
    (tmp_path / "new").mkdir()
    (tmp_path / "cur" / "1:2,S").mkdir(parents=True)
    (tmp_path / "new" / "1").write_bytes(bytes(message("PROBLEM: disk full")))
    (tmp_path / "new" / "2").write_bytes(bytes(message("PROBLEM: web down")))
    with running(inbox, maildir=str(tmp_path), poll_s=0.05) as source:
        eventually(lambda: ("web down", "firing") in alerts(inbox))
        eventually(lambda: "cannot take" in source.health()["detail"])
        assert not source.health()["ok"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["1"]
