"""E-mail over SMTP: one thread an incident, as plain text and HTML.

The password is read from the environment and only sent over TLS. The address guard is that of the sinks over HTTP: a
relay in a private network needs `allow_private`.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from typing import Annotated, Any

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.options import convert
from aiops.ports import Answer, Message
from aiops_connectors.sinks.mail_message import mail, subject_of
from aiops_connectors.sinks.options import secret
from aiops_connectors.sinks.smtp_client import SmtpServer, Tls, send

# Relays take a few messages a second from one client.
MAX_RATE_PER_S = 2.0
MAX_RECIPIENTS = 50
# RFC 5321: the local part and the domain, in ASCII, without quotes.
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
_PORTS: dict[Tls, int] = {"starttls": 587, "tls": 465, "none": 25}


class EmailOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the e-mail sink."""

    host: Annotated[str, Meta(min_length=1, description="The mail server, by name.")]
    sender: Annotated[
        str,
        Meta(min_length=3, max_length=320, description="The address of the sender: `Alerts <aiops@example.org>`."),
    ]
    to: Annotated[
        list[str], Meta(min_length=1, max_length=MAX_RECIPIENTS, description="The addresses of the recipients.")
    ]
    port: Annotated[
        int, Meta(ge=0, le=65_535, description="0: 587 with STARTTLS, 465 with TLS, 25 without either.")
    ] = 0
    tls: Annotated[
        Tls,
        Meta(
            description="`starttls`; `tls` from the start; `none` only without a user, for a relay in a network of "
            "your own."
        ),
    ] = "starttls"
    user: Annotated[str, Meta(max_length=255, description="The user; empty: no authentication.")] = ""
    password_env: Annotated[str, Meta(description="The environment variable with the user's password.")] = ""
    allow_private: Annotated[bool, Meta(description="Permits a mail server in a private network or on this host.")] = (
        False
    )
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="How long each step of an attempt may take.")] = 20.0
    ca_file: Annotated[str, Meta(description="Certificates (PEM) to trust instead of the system's.")] = ""


class EmailSink:
    """Send one e-mail for each change of an incident, threaded by incident."""

    Options = EmailOptions
    example = "aiops_connectors.examples:email_sink"
    keeps_reference = True
    max_rate_per_s = MAX_RATE_PER_S

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        """Raise `UsageError` for options that do not fit."""
        self.name = name
        self._place = f"endpoints.{name}"
        self.options = convert(options, EmailOptions, self._place)
        self._sender, self._from = self._address(self.options.sender, "sender")
        found = [self._address(one, f"to[{number}]") for number, one in enumerate(self.options.to)]
        self._recipients = [address for address, _ in found]
        self._to = ", ".join(shown for _, shown in found)
        self._server = self._open()

    def send(self, message: Message) -> Answer:
        """See `Sink.send`."""
        built = mail(message, self._from, self._to, self._sender.partition("@")[2])
        answer = send(self._server, built, self._sender, self._recipients)
        if answer.ok:
            answer.reference = subject_of(message)
        return answer

    def shown(self, message: Message) -> str:
        """See `ShowsBody.shown`."""
        built = mail(message, self._from, self._to, self._sender.partition("@")[2])
        plain = built.get_body(("plain",))
        return f"Subject: {built['Subject']}\nTo: {built['To']}\n\n{plain.get_content() if plain is not None else ''}"

    def _open(self) -> SmtpServer:
        options = self.options
        if not _HOST.fullmatch(options.host):
            raise UsageError(f"{self._place}.host: expected the name of a mail server; got {options.host[:80]!r}")
        if bool(options.user) != bool(options.password_env):
            raise UsageError(f"{self._place}: expected user and password_env together, or neither of them")
        if options.user and options.tls == "none":
            raise UsageError(f"{self._place}.tls: expected starttls or tls with a user: no password is sent in clear")
        return SmtpServer(
            host=options.host,
            port=options.port or _PORTS[options.tls],
            tls=options.tls,
            context=self._context(),
            timeout_s=options.timeout_s,
            allow_private=options.allow_private,
            user=options.user,
            password=secret(options.password_env, f"{self._place}.password_env") if options.user else "",
        )

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.options.ca_file or None)
        except OSError as error:
            place = f"{self._place}.ca_file {self.options.ca_file}"
            raise UsageError(f"{place}: {error.strerror or error}: expected certificates in PEM") from error

    def _address(self, text: str, option: str) -> tuple[str, str]:
        """Return an address, and how a header shows it with its name."""
        name, address = parseaddr(text)
        if not text.isprintable() or not _ADDRESS.fullmatch(address):
            raise UsageError(
                f"{self._place}.{option}: expected an address such as aiops@example.org or "
                f"'Alerts <aiops@example.org>'; got {text[:80]!r}"
            )
        return address, formataddr((name, address))
