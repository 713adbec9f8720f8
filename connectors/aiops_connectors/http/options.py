"""The options of the HTTP source, and what makes them wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.http.auth import Token
from aiops_connectors.http.signatures import Signature

Seconds = Annotated[float, Meta(gt=0, le=3_600)]


class ConnectorOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """A connector of your own, or another way of knowing the senders of a shipped one.

    - `mapping`: name or path of the mapping; by default the shipped one of the connector's name.
    - `signature`: the sender signs; that stands in for the bearer token, which such senders cannot send.
    """

    mapping: str | None = None
    signature: Signature | None = None


class HttpOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to listen, who may send, and how much.

    - `host`, `port` (0 takes a free one), `external_url` (how others reach it), `certfile`, `keyfile` (PEM, for TLS).
    - `tokens`: see `aiops.http.auth.Token`. Without any, only a loopback address may be bound.
    - `connectors`: by name, what differs from the shipped connectors.
    - `max_body_bytes` as sent, `max_unpacked_bytes` after decompression, `max_held_bytes` over all requests at once.
    - `body_timeout_s`: for the whole body. `put_timeout_s`: how long a full engine is waited for before 503, which
      says to come again in `retry_after_s`.
    - `max_connections`, `head_timeout_s`, `workers` (requests decoded or waiting for the disk at once).
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8640
    external_url: str = ""
    certfile: str | None = None
    keyfile: str | None = None
    tokens: list[Token] = field(default_factory=list)
    connectors: dict[str, ConnectorOptions] = field(default_factory=dict)
    # Alertmanager groups are some 100 kB; 10,000 archive records are 4 MB.
    max_body_bytes: Annotated[int, Meta(ge=1_024, le=1 << 30)] = 8 << 20
    max_unpacked_bytes: Annotated[int, Meta(ge=1_024, le=1 << 30)] = 32 << 20
    max_held_bytes: Annotated[int, Meta(ge=1_024, le=1 << 34)] = 128 << 20
    # Alertmanager and Prometheus give up after ten seconds; a body that took that long is of no use to them.
    body_timeout_s: Seconds = 10.0
    put_timeout_s: Seconds = 5.0
    retry_after_s: Annotated[int, Meta(ge=1, le=3_600)] = 2
    max_connections: Annotated[int, Meta(ge=1, le=65_536)] = 512
    head_timeout_s: Seconds = 10.0
    # While one request waits for the disk, others are decoded and share its group commit.
    workers: Annotated[int, Meta(ge=1, le=256)] = 32


def http_options(name: str, options: Mapping[str, Any]) -> HttpOptions:
    """The options of source `name`; raise `UsageError` that says which one is wrong."""
    try:
        found = msgspec.convert(dict(options), HttpOptions)
    except msgspec.ValidationError as error:
        raise UsageError(f"sources.{name}: {error}") from None
    if (found.certfile is None) != (found.keyfile is None):
        raise UsageError(f"sources.{name}: expected certfile and keyfile together; got one of them")
    return found
