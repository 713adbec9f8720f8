"""Structured logs: one JSON object a line on standard error."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

LOGGER = logging.getLogger("aiops")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class JsonLines(logging.Formatter):
    """`{"at", "level", "logger", "message", …}`; what is given as `extra={"fields": {...}}` is put beside."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON, whatever the message holds."""
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
        root.addHandler(handler)
    # Client libraries log each reconnect at info; their warnings are of use.
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(_LEVELS[level])


def say(level: int, message: str, **fields: object) -> None:
    """Log a sentence with fields beside it."""
    LOGGER.log(level, message, extra={"fields": fields})
