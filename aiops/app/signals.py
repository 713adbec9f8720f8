"""Signals to the process, and its own to systemd."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from types import FrameType

from aiops.telemetry.logs import log


class Signals:
    """SIGTERM and SIGINT set `ended`, SIGHUP sets `reload`; a second SIGTERM ends the process at once."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.reload = threading.Event()

    def install(self) -> None:
        """Handle the signals from now on; from the main thread."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        signal.signal(signal.SIGHUP, lambda number, frame: self.reload.set())

    def _end(self, number: int, frame: FrameType | None) -> None:
        if self.ended.is_set():
            # The state on disk is safe at any moment.
            os._exit(128 + number)
        self.ended.set()


def notify_systemd(text: str) -> None:
    """Send a state such as `READY=1` to systemd (sd_notify(3)); do nothing where it does not listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        try:
            connection.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            log(logging.WARNING, "systemd was not notified", state=text, error=str(error))
