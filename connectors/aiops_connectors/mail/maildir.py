"""Reads a Maildir: messages in `new` are handed over, then moved to `cur` (cr.yp.to, "maildir").

A message that was handed over and not yet moved when the process died is read again, with the same records.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from aiops.ports import DeadLetter, Inbox, Received
from aiops_connectors.mail.messages import Messages, sender_of
from aiops_connectors.mail.options import MailOptions, is_wanted

OFFER_S = 0.5
# Messages of one look; the rest is read at once after them.
MAX_BATCH = 200


class Maildir:
    """Follow one Maildir until `stopped` is set; `clock` gives Unix seconds."""

    def __init__(
        self, options: MailOptions, messages: Messages, stopped: threading.Event, clock: Callable[[], float]
    ) -> None:
        self._options = options
        self._messages = messages
        self._stopped = stopped
        self._clock = clock
        self._folder = Path(options.maildir or "")
        self.counts: Counter[str] = Counter(records=0, rejected=0, unwanted=0)
        self.trouble = "not read yet"

    def run(self, inbox: Inbox) -> None:
        """Read what there is, and then what comes."""
        while not self._stopped.is_set():
            try:
                names = self._new()
                self.trouble = self._take_all(inbox, names)
            except OSError as error:
                self.trouble = f"cannot read {self._folder}: {error.strerror or error}"
                names = []
            if len(names) < MAX_BATCH or self.trouble:
                self._stopped.wait(self._options.poll_s)

    def _take_all(self, inbox: Inbox, names: list[str]) -> str:
        """Take messages until a stop; return the trouble with one of them, which does not hold up the others."""
        trouble = ""
        for name in names:
            try:
                if not self._take(inbox, name):
                    break
            except OSError as error:
                trouble = f"cannot take {self._folder / 'new' / name}: {error.strerror or error}"
        return trouble

    def detail(self) -> str:
        """Return what it does, for health."""
        return f"reading {self._folder}"

    def _new(self) -> list[str]:
        """Return the names in `new`, the oldest first: they begin with the time of delivery."""
        with os.scandir(self._folder / "new") as found:
            return sorted(one.name for one in found if one.is_file(follow_symlinks=False))[:MAX_BATCH]

    def _take(self, inbox: Inbox, name: str) -> bool:
        """Hand one message over and move it; return False if a stop came first."""
        path = self._folder / "new" / name
        received = self._received(path)
        while (received.records or received.rejected) and not inbox.put(received, OFFER_S):
            if self._stopped.is_set():
                return False
        (self._folder / "cur").mkdir(exist_ok=True)
        # `S`: seen. Nothing is deleted: what becomes of read messages is their owner's business.
        path.rename(self._folder / "cur" / f"{name.partition(':')[0]}:2,S")
        self.counts["records"] += len(received.records)
        self.counts["rejected"] += len(received.rejected)
        return True

    def _received(self, path: Path) -> Received:
        now = self._clock()
        most = self._options.max_message_bytes
        with path.open("rb") as file:
            raw = file.read(most + 1)
        if not is_wanted(sender_of(raw), self._options.senders):
            self.counts["unwanted"] += 1
            return Received([], None, [])
        if len(raw) > most:
            reason = f"expected a message of at most {most} bytes; got more"
            return Received([], None, [DeadLetter(self._messages.name, path.name, reason, raw[: 64 << 10], now)])
        return self._messages.received(raw, now)
