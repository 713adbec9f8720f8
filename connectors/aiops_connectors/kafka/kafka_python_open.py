"""Opens a client of kafka-python; a failure leaves nothing behind and states its reason.

The client's constructors connect. If nobody answers they raise, leave a thread and four files open (3.0.12), and give
the reason only to the log. A source that retries for hours would run out of both, and its health would have no reason.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from aiops_connectors.kafka.faults import broker_error

_LOGGER = "kafka.net.manager"


_CLOSED = "socket disconnected"
# The broker closes the connection of one that it refuses, at times before its reason has been read.
_HINT = " (a broker does that to a wrong name, password, certificate or protocol: authentication may have failed)"


class _Reasons(logging.Handler):
    """Keeps the first failure that the client logs, preferring one more specific than a closed connection."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.best: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "connection to" in text and "failed: " in text and (self.best is None or self.best.endswith(_CLOSED)):
            self.best = text.split("failed: ", 1)[1].split(" (backoff")[0]


def open_client(make: Callable[..., Any], settings: Mapping[str, Any]) -> Any:
    """`make(**settings)`; where that fails, end what was started and raise `BrokerError` with the reason."""
    started: list[Any] = []

    def start(**config: Any) -> Any:
        started.append(KafkaConsumer.DEFAULT_CONFIG["kafka_client"](**config))
        return started[-1]

    reasons = _Reasons()
    logger = logging.getLogger(_LOGGER)
    logger.addHandler(reasons)
    try:
        return make(**settings, kafka_client=start)
    except (KafkaError, OSError, ValueError, RuntimeError) as error:
        for client in started:
            with suppress(KafkaError, OSError, RuntimeError):
                client.close()
        reason = reasons.best or str(error)
        hint = _HINT if reason.endswith(_CLOSED) and settings.get("security_protocol") != "PLAINTEXT" else ""
        raise broker_error(type(error).__name__, f"{reason}{hint}") from error
    finally:
        logger.removeHandler(reasons)
