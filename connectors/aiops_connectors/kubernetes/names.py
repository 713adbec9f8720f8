"""Names of Kubernetes objects, checked before they are put into a URL.

Names of objects are DNS subdomains and names of namespaces are DNS labels (RFC 1123), as the API server requires:
https://kubernetes.io/docs/concepts/overview/working-with-objects/names/. No name that passes holds a slash, a percent
sign, a dot segment, a capital or a character outside ASCII.
"""

from __future__ import annotations

from typing import Any

from aiops.errors import UsageError

MAX_NAME, MAX_LABEL = 253, 63
# A hostile name can have megabytes; an error shows its beginning.
_SHOWN = 60
_INNER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def object_name(value: Any, place: str) -> str:
    """Return a name of an object; raise `UsageError` for anything else.

    >>> object_name("web-1.example", "object")
    'web-1.example'
    """
    # A part of a subdomain has no limit of its own (`IsDNS1123Subdomain` of k8s.io/apimachinery).
    if not isinstance(value, str) or len(value) > MAX_NAME or not all(map(_is_label, value.split("."))):
        raise UsageError(f"{place}: expected the name of a Kubernetes object; got {_shown(value)}")
    return value


def namespace_name(value: Any, place: str) -> str:
    """Return a name of a namespace; raise `UsageError` for anything else."""
    if not isinstance(value, str) or len(value) > MAX_LABEL or not _is_label(value):
        raise UsageError(f"{place}: expected the name of a Kubernetes namespace; got {_shown(value)}")
    return value


def _is_label(text: str) -> bool:
    return bool(text) and _INNER.issuperset(text) and text[0] != "-" and text[-1] != "-"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
