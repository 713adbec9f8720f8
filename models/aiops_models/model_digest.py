"""The identity of a model: a digest of the data that it decides by.

It distinguishes the models of two daemons.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


def digest_of(*parts: Any) -> str:
    """16 hexadecimal digits of Structs and plain values; equal parts give equal digits, on any machine.

    >>> digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 1})
    True
    """
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:16]
