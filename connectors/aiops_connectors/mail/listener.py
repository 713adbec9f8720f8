"""An SMTP or LMTP listener for the mail server of this host (RFC 5321, RFC 2033), by aiosmtpd.

A message is accepted once the journal has its records. While the engine is full, the answer is 451 and the mail server
tries again later: nothing is lost.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from aiops.errors import AiopsError
from aiops.ports import Inbox
from aiops_connectors.mail.messages import Messages
from aiops_connectors.mail.options import MailOptions, is_wanted

# How long a mail server waits for the engine's answer; RFC 5321 lets clients wait for ten minutes.
PUT_S = 30.0
CLOSE_S = 2.0
ACCEPTED = "250 2.0.0 accepted"
FULL = "451 4.3.0 busy; try again later"
UNWANTED = "550 5.7.1 no alerts are taken from this sender"


class Listener:
    """Listen until `stopped` is set; `clock` gives Unix seconds."""

    def __init__(
        self, options: MailOptions, messages: Messages, stopped: threading.Event, clock: Callable[[], float]
    ) -> None:
        self._options = options
        self._messages = messages
        self._stopped = stopped
        self._clock = clock
        self._inbox: Inbox | None = None
        self.counts: Counter[str] = Counter(records=0, rejected=0, unwanted=0, full=0)
        self.trouble = "not started yet"
        self.port = 0
        self.ready = threading.Event()

    def run(self, inbox: Inbox) -> None:
        """Serve; raise `AiopsError` if the address cannot be bound."""
        self._inbox = inbox
        try:
            asyncio.run(self._serve())
        except OSError as error:
            place = f"{self._options.host}:{self._options.port}"
            raise AiopsError(f"sources.{self._messages.name}: {place}: {error.strerror or error}") from error
        finally:
            self.ready.clear()

    def detail(self) -> str:
        """Return what it does, for health."""
        return f"listening on {self._options.host}:{self.port or self._options.port} ({self._options.listen})"

    async def _serve(self) -> None:
        options = self._options
        kind = LMTP if options.listen == "lmtp" else SMTP
        server = await asyncio.get_running_loop().create_server(
            lambda: kind(self, data_size_limit=options.max_message_bytes, enable_SMTPUTF8=True, ident="aiops"),
            options.host,
            options.port,
        )
        self.port = server.sockets[0].getsockname()[1]
        self.trouble = ""
        self.ready.set()
        try:
            while not await asyncio.get_running_loop().run_in_executor(None, self._stopped.wait, 0.2):
                pass
        finally:
            server.close()
            self.trouble = "stopped"

    async def handle_MAIL(  # noqa: N802 - the name is aiosmtpd's
        self, server: Any, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        """Refuse senders that are not wanted."""
        if not is_wanted(address, self._options.senders):
            self.counts["unwanted"] += 1
            return UNWANTED
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 2.1.0 OK"

    async def handle_DATA(  # noqa: N802 - the name is aiosmtpd's
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        """Accept a message once its records are journaled."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        received = self._messages.received(raw, self._clock())
        if (received.records or received.rejected) and not await self._put(received):
            self.counts["full"] += 1
            return self._answer(FULL, envelope)
        self.counts["records"] += len(received.records)
        self.counts["rejected"] += len(received.rejected)
        return self._answer(ACCEPTED, envelope)

    def _answer(self, status: str, envelope: Envelope) -> str:
        """Return the answer: one, or by LMTP one for each recipient (RFC 2033, section 4.2)."""
        return "\r\n".join([status] * max(1, len(envelope.rcpt_tos))) if self._options.listen == "lmtp" else status

    async def _put(self, received: Any) -> bool:
        inbox = self._inbox
        assert inbox is not None
        return await asyncio.get_running_loop().run_in_executor(None, inbox.put, received, PUT_S)
