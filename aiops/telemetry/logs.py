"""Structured logs: one JSON object a line on standard error."""

from __future__ import annotations

import atexit
import json
import logging
import sys
from typing import Any

from aiops.telemetry.log_repeats import RepeatFilter

LOGGER = logging.getLogger("aiops")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class JsonLines(logging.Formatter):
    """`{"at", "level", "logger", "message", …}`; what is given as `extra={"fields": {...}}` is put beside."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON for any message."""
        line: dict[str, Any] = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line.update(fields)
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def set_up(level: str) -> None:
    """Log to standard error from `level` on; may be called again to change the level."""
    root = logging.getLogger()
    if not any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        handler.addFilter(_is_wanted)
        # Of all loggers, those of uvicorn and asyncio among them.
        repeats = RepeatFilter(lambda line: _write(handler, line))
        handler.addFilter(repeats)
        root.addHandler(handler)
        atexit.register(repeats.flush)
    # Client libraries log each reconnect at info; their warnings are of use.
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(_LEVELS[level])


def _write(handler: logging.Handler, record: logging.LogRecord) -> None:
    """Write a line without the handler's filters."""
    handler.acquire()
    try:
        handler.emit(record)
    finally:
        handler.release()


def _is_wanted(record: logging.LogRecord) -> bool:
    """Leave out Kafka's clients, which log each attempt; the source logs each change once."""
    is_client = record.name.startswith(("kafka.", "aiops_connectors.kafka.librdkafka"))
    return not is_client or record.levelno >= logging.CRITICAL


def log(level: int, message: str, **fields: object) -> None:
    """Log an event with its facts as fields."""
    LOGGER.log(level, message, extra={"fields": fields})
