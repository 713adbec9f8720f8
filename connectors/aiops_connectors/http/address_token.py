"""Tokens in addresses: `/ingest/NAME/TOKEN` and `/ingest/NAME?token=TOKEN`.

For senders that know nothing but a URL. The tokens are taken out of the request before anything else reads it: traces,
mappings, dead letters and answers then hold an address without them.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from starlette.types import Scope

PARAMETER = b"token"


def taken_out(scope: Scope) -> tuple[Scope, list[str]]:
    """Return the request without the tokens of its address, and these; cost: one pass over the query."""
    query, in_query = _without_tokens(scope["query_string"])
    in_path = scope["path_params"].get("token")
    if in_path is None and not in_query:
        return scope, []
    clean = {**scope, "query_string": query}
    if in_path is not None:
        clean["path"] = scope["path"].rpartition("/")[0]
        clean["raw_path"] = clean["path"].encode()
        clean["path_params"] = {key: value for key, value in scope["path_params"].items() if key != "token"}
    return clean, [*([in_path] if in_path is not None else []), *in_query]


def _without_tokens(query: bytes) -> tuple[bytes, list[str]]:
    # An encoded name (`%74oken`) is the same parameter to whoever decodes the query later.
    if PARAMETER not in query and b"%" not in query:
        return query, []
    kept: list[bytes] = []
    tokens: list[str] = []
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if _plain(name) == PARAMETER:
            tokens.append(_plain(value).decode("utf-8", "replace"))
        else:
            kept.append(part)
    return b"&".join(kept), tokens


def _plain(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))
