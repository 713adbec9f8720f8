"""E-mail against a real SMTP server: STARTTLS, TLS, authentication, its codes, and what a client reads."""

from __future__ import annotations

import email
import email.policy
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pytest
from aiops_connectors.email import EmailSink
from aiops_connectors.sinks.mail_message import html_body, mail, text_body
from aiops_connectors.sinks.smtp_client import SmtpServer, send

from aiops.errors import UsageError
from aiops.ports import Message
from aiops.testing.sinks import CHANGES, hostile
from tests.connectors.design_incident import AT, LINK, message, resolved

controllers = pytest.importorskip("aiosmtpd.controller", reason="the extra mail is not installed")
smtp = pytest.importorskip("aiosmtpd.smtp")
NAME = "mail.example.org"
PASSWORD = "pa55-T0SECRET"
Start = Callable[..., "Box"]


class Box:
    """A mail server that keeps what it takes; `codes` are answers to RCPT and DATA in place of 250."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Any] = []
        self.users: list[str] = []
        self.codes: dict[str, str] = {}
        self.port = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        code = self.codes.get(address) or self.codes.get("RCPT")
        if code is None:
            envelope.rcpt_tos.append(address)
        return code or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos), session.ssl is not None))
        found = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        self.mails.append(found)
        return self.codes.get("DATA", "250 OK")

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        self.users.append(data.login.decode())
        return smtp.AuthResult(success=data.password == PASSWORD.encode(), handled=False)


def certificate(directory: Path) -> tuple[Path, Path]:
    cert, key = directory / "cert.pem", directory / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", f"/CN={NAME}"]
    subprocess.run([*make, "-addext", f"subjectAltName=DNS:{NAME}"], check=True, capture_output=True, timeout=300)
    return cert, key


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server: `tls` is none, starttls or tls."""
    running: list[Any] = []

    def one(tls: str = "none", *, auth: bool = False) -> Box:
        box = Box()
        with socket.create_server(("127.0.0.1", 0)) as free:
            box.port = free.getsockname()[1]
        more: dict[str, Any] = {}
        if tls != "none":
            cert, key = certificate(tmp_path)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            more = {"ssl_context": context} if tls == "tls" else {"tls_context": context, "require_starttls": True}
        if auth:
            more.update(authenticator=box.authenticate, auth_required=True, auth_require_tls=tls == "starttls")
        controller = controllers.Controller(box, hostname="127.0.0.1", port=box.port, server_hostname=NAME, **more)
        controller.start()
        running.append(controller)
        return box

    yield one
    for controller in running:
        controller.stop()


def sink_for(box: Box, **more: Any) -> EmailSink:
    base = {"host": "127.0.0.1", "port": box.port, "tls": "none", "allow_private": True}
    addresses = {"sender": "Alerts of aiops <aiops@example.org>", "to": ["oncall@example.org", "Bob <bob@example.org>"]}
    return EmailSink("mail", {**base, **addresses, **more})


def server_for(box: Box, directory: Path, **more: Any) -> SmtpServer:
    context = ssl.create_default_context(cafile=str(directory / "cert.pem"))
    base = {"port": box.port, "context": context, "timeout_s": 20.0, "allow_private": True, "host": NAME}
    return SmtpServer(**{**base, "resolve": lambda host, port: ["127.0.0.1"], **more})


def built() -> EmailMessage:
    return mail(message(), "aiops@example.org", "oncall@example.org", "example.org")


def test_a_mail_arrives_with_text_and_html(start: Start) -> None:
    box = start()
    answer = sink_for(box).send(message())
    assert (answer.ok, answer.status) == (True, 250)
    (found,) = box.mails
    assert found["Subject"] == "Critical: payments-api failing since deploy 8.14.6"
    assert found["From"] == "Alerts of aiops <aiops@example.org>"
    assert found["To"] == "oncall@example.org, Bob <bob@example.org>"
    assert found["Date"].datetime.timestamp() == AT
    assert (found["Auto-Submitted"], found.get_content_type()) == ("auto-generated", "multipart/alternative")
    assert box.envelopes == [("aiops@example.org", ["oncall@example.org", "bob@example.org"], False)]
    parts = [part.get_content_type() for part in found.iter_parts()]
    assert parts == ["text/plain", "text/html"]


def test_the_text_is_the_sentences_the_links_and_the_facts() -> None:
    assert text_body(message()).split("\n\n") == [
        "Critical: payments-api failing since deploy 8.14.6.",
        "Deploy 8.14.6 went out 24 s before the first alert. Errors of its callers lead to it.",
        "Affected: payments-gateway, payments-sync, payments-api: 10 entities. 20 alerts in 1 min.",
        f"Open incident: {LINK}\nReview rollback-release: {LINK}#playbooks\n"
        "Alert in its tool: https://prom.example/graph\nRunbook: https://runbooks.example/probe",
        "Likely cause: payments-api (clear lead, not yet checked here)\nAlert: BlackboxProbeFailed: Probe failed: 502\n"
        "Alerts: 20 alerts in 1 min, 17 streams firing\nPlaybook: rollback-release, or bad-deploy-rollback\n"
        "Seen before: inc-77aa01b2c3d4, 99% alike: took 30 min\nLabels: namespace=payments, cluster=eu-1\n"
        "Severity: critical\nOpened: 13:52:40 UTC\nLast alert: 2 s ago",
        "-- \nWhy you get this: the endpoint oncall of aiops sends its notifications to you.\n",
    ]


def test_all_mails_of_an_incident_are_one_thread(start: Start) -> None:
    box = start()
    sink = sink_for(box)
    reference = sink.send(message()).reference
    update = message("updated", 2, news=["severity: now critical, was high"], causes=[], reference=reference)
    end = resolved(resolved_by="alice")
    end.reference = reference
    for one in (update, message("acknowledged", 3, acknowledged_by="alice", reference=reference), end):
        sink.send(one)
    first, *others = box.mails
    subject = "Critical: payments-api failing since deploy 8.14.6"
    assert [found["Subject"] for found in others] == [
        subject,
        f"alice is on it: {subject}",
        f"Resolved after 30 min: {subject}",
    ]
    assert all(found["References"] == found["In-Reply-To"] == first["Message-ID"] for found in others)
    assert len({found["Message-ID"] for found in box.mails}) == 4
    assert _plain(others[0]).startswith("Now critical, was high: payments-gateway failing, 9 more affected.")
    assert "Resolved by alice. 604 alerts." in _plain(others[2])


def test_a_repeated_attempt_has_the_same_identity(start: Start) -> None:
    box = start()
    for _ in range(2):
        sink_for(box).send(message("updated", 2))
    first, second = box.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes().count(b"\r\n") == second.as_bytes().count(b"\r\n")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
# With TLS from the start, the server does not know that the connection is safe.
@pytest.mark.filterwarnings("ignore:Session.login_data", "ignore:Requiring AUTH")
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_the_password_goes_over_tls_alone(tls: str, start: Start, tmp_path: Path) -> None:
    box = start(tls, auth=True)
    server = server_for(box, tmp_path, tls=tls, user="aiops", password=PASSWORD)
    assert send(server, built(), "aiops@example.org", ["oncall@example.org"]).ok
    assert box.users == ["aiops"]
    if tls == "starttls":
        assert box.envelopes[0][2] is True
    wrong = server_for(box, tmp_path, tls=tls, user="aiops", password="wrong-T0SECRET")
    refused = send(wrong, built(), "aiops@example.org", ["oncall@example.org"])
    assert (refused.ok, refused.retry, refused.status) == (False, False, 535)
    assert "T0SECRET" not in refused.reason


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_of_another_name_gets_nothing(tls: str, start: Start, tmp_path: Path) -> None:
    box = start(tls)
    for more in ({"host": "other.example.org"}, {"context": ssl.create_default_context()}):
        answer = send(server_for(box, tmp_path, tls=tls, **more), built(), "aiops@example.org", ["a@example.org"])
        assert (answer.ok, answer.retry) == (False, True)
        assert "certificate" in answer.reason.lower()
    assert box.mails == []


def test_a_server_without_starttls_gets_nothing(start: Start) -> None:
    box = start()
    answer = sink_for(box, tls="starttls").send(message())
    assert (answer.ok, answer.retry, box.mails) == (False, True, [])
    assert "STARTTLS" in answer.reason


@pytest.mark.parametrize(
    ("codes", "retry", "status"),
    [
        ({"RCPT": "450 4.2.0 greylisted, try again"}, True, 450),
        ({"RCPT": "550 5.1.1 no such user"}, False, 550),
        ({"DATA": "451 4.3.0 queue full"}, True, 451),
        ({"DATA": "552 5.3.4 too big"}, False, 552),
        ({"oncall@example.org": "550 no", "bob@example.org": "450 later"}, True, 450),
    ],
)
def test_codes_are_classed(codes: dict[str, str], retry: bool, status: int, start: Start) -> None:
    box = start()
    box.codes = codes
    answer = sink_for(box).send(message())
    assert (answer.ok, answer.retry, answer.status) == (False, retry, status)
    assert answer.reference == ""


def test_one_refused_recipient_does_not_repeat_the_mail_to_the_other(start: Start) -> None:
    box = start()
    box.codes = {"oncall@example.org": "550 no such user"}
    answer = sink_for(box).send(message())
    assert (answer.ok, answer.reason) == (True, "1 of 2 recipients were refused")
    assert box.envelopes[0][1] == ["bob@example.org"]


def test_nobody_there_is_tried_again() -> None:
    box = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    answer = sink_for(box).send(message())
    assert (answer.ok, answer.retry) == (False, True)


def test_a_private_address_is_refused_unless_permitted(start: Start) -> None:
    box = start()
    answer = sink_for(box, allow_private=False).send(message())
    assert (answer.ok, box.mails) == (False, [])
    assert "allow_private = true" in answer.reason


@pytest.mark.parametrize("change", CHANGES)
def test_names_of_anybody_inject_no_header_and_no_markup(change: str, start: Start) -> None:
    box = start()
    for evil in ("a\r\nBcc: evil@example.org\r\n\r\nbody", "<script>alert(1)</script> <img src=x onerror=y>"):
        incident = hostile()
        incident.id, incident.title, incident.message, incident.members = evil, evil, evil, []
        incident.causes, incident.entities = [], [evil]
        one = Message("msg_1", evil, incident, change, 1, AT, LINK, news=[evil], reference=evil)
        assert sink_for(box).send(one).ok
    for found in box.mails:
        assert found["Bcc"] is None
        assert len(found["Subject"]) <= 260
        tags = _tags(cast(EmailMessage, found.get_body(("html",))).get_content())
        assert not {"script", "img"} & tags
    assert all(len(receivers) == 2 for _, receivers, _ in box.envelopes)


def test_html_has_the_same_facts_and_no_foreign_content() -> None:
    page = html_body(message())
    assert _tags(page) == {"html", "body", "div", "h1", "p", "a", "table", "tr", "td"}
    for text in ("payments-api failing since deploy 8.14.6", "10 entities", "rollback-release", LINK, "13:52:40 UTC"):
        assert text in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "bad host\r\n"}, "host"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "a@example.org\r\nBcc: b@example.org"}, "sender"),
        ({"to": ["a@example.org", "x"]}, "to[1]"),
        ({"to": []}, "to"),
        ({"user": "aiops"}, "user and password_env together"),
        ({"user": "aiops", "password_env": "NOT_SET", "tls": "none"}, "no password is sent in clear"),
        ({"user": "aiops", "password_env": "NOT_SET"}, "NOT_SET"),
        ({"ca_file": "/nowhere.pem"}, "ca_file"),
        ({"tls": "maybe"}, "tls"),
        ({"password": "x"}, "unknown option 'password'"),
    ],
)
def test_options_that_do_not_fit_name_their_place(options: dict[str, Any], said: str) -> None:
    base = {"host": NAME, "sender": "aiops@example.org", "to": ["oncall@example.org"]}
    with pytest.raises(UsageError, match=r"endpoints\.mail") as caught:
        EmailSink("mail", {**base, **options})
    assert said in str(caught.value)


def _plain(found: EmailMessage) -> str:
    return str(cast(EmailMessage, found.get_body(("plain",))).get_content())


def _tags(page: str) -> set[str]:
    tags: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            assert not any(name.startswith("on") for name, _ in attrs)

    Reader().feed(page)
    return tags
