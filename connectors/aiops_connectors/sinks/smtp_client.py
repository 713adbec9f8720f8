"""One e-mail over SMTP (RFC 5321), by a guarded connection with TLS.

STARTTLS (RFC 3207), or TLS from the start (RFC 8314). The address that was checked is the one that is connected to;
certificates are checked against the name. A server that offers no STARTTLS gets nothing. Codes of the server: 4xx is
tried again, 5xx waits for a person.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Literal

from msgspec import Struct

from aiops.http.connections import MAX_ADDRESSES, Resolve, resolve
from aiops.http.network_guard import refusal
from aiops.http.redaction import redact
from aiops.ports import Answer

Tls = Literal["starttls", "tls", "none"]
_MAX_REASON = 300


class SmtpServer(Struct, frozen=True, kw_only=True):
    """A mail server; an empty `user` sends without authentication, `context` checks certificates."""

    host: str
    port: int
    tls: Tls
    context: ssl.SSLContext
    timeout_s: float
    allow_private: bool = False
    user: str = ""
    password: str = ""
    resolve: Resolve = resolve


class _AddressRefused(OSError):
    """A name that leads only to addresses that may not be connected to."""


class _Client(smtplib.SMTP):
    """A client that connects only to permitted addresses."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        super().__init__(timeout=server.timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = _connect(self._server, host, port, timeout)
        if self._server.tls != "tls":
            return plain
        return self._server.context.wrap_socket(plain, server_hostname=host)


def send(server: SmtpServer, message: EmailMessage, sender: str, recipients: Sequence[str]) -> Answer:
    """Make one attempt; the answer is ok if the server took the message for at least one recipient."""
    try:
        refused = _deliver(server, message, sender, recipients)
    except smtplib.SMTPRecipientsRefused as error:
        return _refused(server, error.recipients)
    except smtplib.SMTPResponseException as error:
        return _answer(server, error.smtp_code, _text(error.smtp_error))
    except smtplib.SMTPNotSupportedError as error:
        # Nothing is sent in clear; whoever removed the offer on the way may stop doing that.
        return Answer(ok=False, retry=True, reason=_shown(server, f"the mail server cannot do what is needed: {error}"))
    except (smtplib.SMTPException, OSError) as error:
        # Without an answer; a certificate that does not fit is one of these, and may be renewed.
        return Answer(ok=False, retry=True, reason=_shown(server, f"{server.host}:{server.port}: {_reason(error)}"))
    if refused:
        return Answer(ok=True, status=250, reason=f"{len(refused)} of {len(recipients)} recipients were refused")
    return Answer(ok=True, status=250)


def _deliver(
    server: SmtpServer, message: EmailMessage, sender: str, recipients: Sequence[str]
) -> dict[str, tuple[int, bytes]]:
    client = _Client(server)
    try:
        code, text = client.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        # `starttls` reads the name for the certificate here.
        client._host = server.host  # type: ignore[attr-defined]
        if server.tls == "starttls":
            client.starttls(context=server.context)
        if server.user:
            client.login(server.user, server.password)
        refused = client.send_message(message, sender, list(recipients))
        _quit(client.quit)
        return refused
    finally:
        client.close()


def _quit(leave: Callable[[], object]) -> None:
    """End the session; the message was taken, and what the server makes of the farewell changes nothing."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        leave()


def _connect(server: SmtpServer, host: str, port: int, timeout: float) -> socket.socket:
    """Connect to the first permitted address that answers."""
    failure = OSError("the name has no address")
    for address in list(server.resolve(host, port))[:MAX_ADDRESSES]:
        why = refusal(address, allow_private=server.allow_private)
        if why is not None:
            failure = _AddressRefused(f"refused to connect to {why}: set allow_private = true for a relay of your own")
            continue
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            failure = error
    raise failure


def _refused(server: SmtpServer, recipients: dict[str, tuple[int, bytes]]) -> Answer:
    """Return the meaning of a refusal of all recipients; one that is temporary makes all of them so."""
    code, text = min(recipients.values(), key=lambda one: one[0])
    return _answer(server, code, f"no recipient was accepted: {_text(text)}")


def _answer(server: SmtpServer, code: int, text: str) -> Answer:
    return Answer(
        ok=False, retry=code < 500, status=code if code > 0 else None, reason=_shown(server, f"SMTP {code}: {text}")
    )


def _shown(server: SmtpServer, text: str) -> str:
    return redact(text, [server.password] if server.password else [])[:_MAX_REASON]


def _text(raw: bytes | str) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
