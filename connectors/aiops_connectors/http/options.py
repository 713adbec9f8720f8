"""The options of the HTTP source, and what makes them wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.http.auth import Token
from aiops.options import convert
from aiops_connectors.http.client_certificates import ClientCertificate
from aiops_connectors.signatures.verifier import Signature

TokenPlace = Literal["bearer", "basic", "url"]
TOKEN_PLACES: tuple[TokenPlace, ...] = ("bearer", "basic", "url")


class ConnectorOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """A connector of your own, or another way to authenticate the senders of a shipped one."""

    mapping: Annotated[
        str | None,
        Meta(
            description="Name or path of the mapping; by default the shipped one of the connector's name. A relative "
            "path starts at the folder of the configuration file. A reload (SIGHUP) reads the file again."
        ),
    ] = None
    zone: Annotated[
        str | None,
        Meta(description="Zone of times that state none, such as `Europe/Berlin` or `+02:00`; by default UTC."),
    ] = None
    token_header: Annotated[
        str | None,
        Meta(description="A header of the sender that holds its token, such as `X-Gitlab-Token` or `X-Api-Key`."),
    ] = None
    token_in: Annotated[
        list[TokenPlace] | None,
        Meta(
            description="Where else a token may be: `bearer`, `basic` (the password), `url` (`/ingest/NAME/TOKEN` or "
            "`?token=TOKEN`); all by default."
        ),
    ] = None
    # Stands in for the token, which such senders cannot send.
    signature: Signature | None = None
    # Stands in for the token as well.
    client_certificate: ClientCertificate | None = None


class HttpOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the HTTP source."""

    host: Annotated[str, Meta(description="The address to listen on; set by `http.host`.")] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65_535, description="The port to listen on, 0 takes a free one; set by `http.port`."),
    ] = 8640
    external_url: Annotated[str, Meta(description="The address that people use; set by `http.external_url`.")] = ""
    certfile: Annotated[
        str | None, Meta(description="The server's certificate (PEM), for TLS; together with `keyfile`.")
    ] = None
    keyfile: Annotated[str | None, Meta(description="The certificate's key (PEM).")] = None
    tokens: list[Token] = field(default_factory=list)
    connectors: dict[str, ConnectorOptions] = field(default_factory=dict)
    trusted_proxies: Annotated[
        list[str],
        Meta(
            description="Addresses or networks of the proxies in front of this server, whose headers about client "
            "certificates are believed."
        ),
    ] = field(default_factory=list)
    max_body_bytes: Annotated[
        int,
        Meta(
            ge=1_024,
            le=1 << 30,
            description="The largest body as sent. Alertmanager groups are some 100 kB; 10,000 archive records are "
            "4 MB.",
        ),
    ] = 8 << 20
    max_unpacked_bytes: Annotated[
        int, Meta(ge=1_024, le=1 << 30, description="The largest body after decompression.")
    ] = 32 << 20
    max_held_bytes: Annotated[
        int, Meta(ge=1_024, le=1 << 34, description="What all requests together may hold in memory.")
    ] = 128 << 20
    body_timeout_s: Annotated[
        float,
        Meta(
            gt=0,
            le=3_600,
            description="How long a whole body may take. Alertmanager and Prometheus give up after ten seconds; a body "
            "that took that long is of no use to them.",
        ),
    ] = 10.0
    put_timeout_s: Annotated[
        float, Meta(gt=0, le=3_600, description="How long a full engine is waited for before the answer is 503.")
    ] = 5.0
    retry_after_s: Annotated[int, Meta(ge=1, le=3_600, description="The value of `Retry-After` in the answer 503.")] = 2
    max_connections: Annotated[
        int,
        Meta(
            ge=1,
            le=65_536,
            description="Connections open at once. At the limit the one that was idle for longest makes room; probes "
            "are answered beyond it.",
        ),
    ] = 512
    head_timeout_s: Annotated[
        float,
        Meta(gt=0, le=3_600, description="How long a client may take for its request line and headers."),
    ] = 10.0
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=256,
            description="Threads for requests with long, compressed or signed bodies and for those that wait for room. "
            "Short ones need none; all that wait share one group commit.",
        ),
    ] = 32


def http_options(name: str, options: Mapping[str, Any]) -> HttpOptions:
    """Return the options of source `name`; raise `UsageError` for the one that is wrong."""
    found = convert(options, HttpOptions, f"sources.{name}")
    if (found.certfile is None) != (found.keyfile is None):
        raise UsageError(f"sources.{name}: expected certfile and keyfile together; got one of them")
    return found
