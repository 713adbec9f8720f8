"""Prometheus' fingerprint of labels: FNV-1a, 64 bits, over names in order and their values.

Source: https://github.com/prometheus/common/blob/main/model/signature.go
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

_OFFSET, _PRIME, _MASK = 14695981039346656037, 1099511628211, (1 << 64) - 1
# Alerts are read again and again while they fire; an entry has some 500 bytes.
_KNOWN = 32_768


def label_fingerprint(labels: Mapping[str, str]) -> str:
    """Return the fingerprint as Prometheus and Alertmanager write it.

    >>> label_fingerprint({"alertname": "HighLatency", "severity": "critical"})
    '476c2d9d67794906'
    """
    return _fingerprint(tuple(sorted(labels.items())))


@lru_cache(_KNOWN)
def _fingerprint(pairs: tuple[tuple[str, str], ...]) -> str:
    found = _OFFSET
    for name, value in pairs:
        for byte in b"%b\xff%b\xff" % (name.encode("utf-8", "replace"), value.encode("utf-8", "replace")):
            found = (found ^ byte) * _PRIME & _MASK
    return f"{found:016x}"
