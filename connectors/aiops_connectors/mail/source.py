"""Alerts from e-mail messages, of a Maildir or from a mail server by SMTP or LMTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiops.errors import UsageError
from aiops.ports import Inbox, Position
from aiops_connectors.mail.maildir import Maildir
from aiops_connectors.mail.messages import Messages
from aiops_connectors.mail.options import MailOptions, mail_options

if TYPE_CHECKING:
    from aiops_connectors.mail.listener import Listener


class MailSource:
    """Take e-mail messages as alerts.

    `clock` gives Unix seconds.
    """

    Options = MailOptions
    example = "aiops_connectors.examples:mail_source"

    def __init__(self, name: str, options: Mapping[str, Any], *, clock: Callable[[], float] = time.time) -> None:
        """Raise `UsageError` for wrong options, and where the extra for listening is not installed."""
        self.name = name
        self.options = mail_options(name, options)
        self._stopped = threading.Event()
        self._messages = Messages(name, self.options)
        self._reader: Maildir | Listener = (
            Maildir(self.options, self._messages, self._stopped, clock)
            if self.options.listen is None
            else _listener(self.options, self._messages, self._stopped, clock)
        )

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """See `Source.run`; there is no offset to resume from."""
        self._reader.run(inbox)

    def reload(self) -> Callable[[], None]:
        """See `aiops.ports.Reloads`."""
        return self._messages.reload()

    def stop(self) -> None:
        """See `Source.stop`."""
        self._stopped.set()

    def health(self) -> Mapping[str, Any]:
        """See `Source.health`: beside `ok` and `detail`, what was taken and refused."""
        reader = self._reader
        return {
            "ok": not reader.trouble,
            "detail": reader.trouble or reader.detail(),
            **reader.counts,
            "counts": [*reader.counts],
            "unknown": self._messages.unknown.counted(),
        }

    def wait_started(self, timeout_s: float) -> int | None:
        """Return the port of the listener once it answers; None if that took longer, or there is none."""
        reader = self._reader
        return None if isinstance(reader, Maildir) or not reader.ready.wait(timeout_s) else reader.port


def _listener(
    options: MailOptions, messages: Messages, stopped: threading.Event, clock: Callable[[], float]
) -> Listener:
    try:
        from aiops_connectors.mail.listener import Listener
    except ImportError:
        raise UsageError(
            f"sources.{messages.name}.listen: the extra is not installed; install aiops-engine[mail]"
        ) from None
    return Listener(options, messages, stopped, clock)
