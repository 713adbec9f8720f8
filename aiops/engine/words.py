"""Counts and times as people say them: see `aiops.wording`."""

from aiops.wording import duration, plural

__all__ = ["duration", "plural"]
