"""Depth of a YAML text, measured before its values are built.

The C library that builds them recurses without a bound of its own: 50,000 braces end the process.
"""

from __future__ import annotations

from typing import Any

import yaml

# A mapping or a playbook has some eight levels.
MAX_DEPTH = 64
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Each level needs one of these.
_LEVELS = (b"{", b"[", b"- ", b"-\t", b"? ", b"\n ", b"\r ", b"- -")


def too_deep(data: bytes) -> str:
    """Return the fault of a text of more than `MAX_DEPTH` levels; empty for any other, readable or not.

    >>> too_deep(b"a: {b: [c]}"), too_deep(b"[" * 100)
    ('', 'line 1: expected at most 64 levels; got more')
    """
    if sum(data.count(sign) for sign in _LEVELS) < MAX_DEPTH:
        return ""
    depth = 0
    try:
        for event in yaml.parse(data, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark is not None else 1
                return f"line {line}: expected at most {MAX_DEPTH} levels; got more"
    except (yaml.YAMLError, RecursionError):
        # The decoder reports it with its place.
        pass
    return ""
