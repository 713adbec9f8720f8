"""The options of the syslog source, and what makes them wrong."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.http.auth import is_loopback
from aiops.options import convert
from aiops.records.severity import LABELS, find_severity

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SyslogOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the syslog source."""

    host: Annotated[str, Meta(description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(
            ge=0, le=65_535, description="The port, of UDP and TCP; 0 for any free one. Ports below 1024 need rights."
        ),
    ] = 5514
    udp: Annotated[bool, Meta(description="Listen for datagrams.")] = True
    tcp: Annotated[bool, Meta(description="Listen for connections.")] = True
    certfile: Annotated[str | None, Meta(description="Our certificate (PEM): connections are TLS (RFC 5425).")] = None
    keyfile: Annotated[str | None, Meta(description="The key of our certificate (PEM).")] = None
    client_ca_file: Annotated[
        str | None, Meta(description="Certificates (PEM) that the senders' own must be signed by; needs `certfile`.")
    ] = None
    allowed: Annotated[
        list[str],
        Meta(
            description="Networks that may send, such as `10.0.0.0/8`. Needed where other hosts can reach the address: "
            "syslog has no passwords. Messages of the rest are dropped and counted."
        ),
    ] = field(default_factory=list)
    mapping: Annotated[str, Meta(description="Name or path of the mapping that reads a message.")] = "syslog"
    min_severity: Annotated[
        str, Meta(description="Messages below it are counted and not taken; recoveries always are.")
    ] = "warning"
    max_message_bytes: Annotated[int, Meta(ge=480, le=1 << 20, description="A longer message is cut.")] = 64 << 10
    max_waiting: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="Datagrams held while the engine is full; more are dropped and counted."),
    ] = 10_000
    max_connections: Annotated[int, Meta(ge=1, le=100_000, description="Connections at a time.")] = 500
    idle_timeout_s: Annotated[
        float, Meta(gt=0, le=86_400, description="A connection that is silent for so long is closed.")
    ] = 3_600.0


def syslog_options(name: str, options: Mapping[str, Any]) -> SyslogOptions:
    """Return the options of source `name`; raise `UsageError` for the one that is wrong."""
    place = f"sources.{name}"
    found = convert(options, SyslogOptions, place)
    if not found.udp and not found.tcp:
        raise UsageError(f"{place}: expected udp or tcp; got neither")
    if find_severity(found.min_severity) is None:
        raise UsageError(
            f"{place}.min_severity: unknown severity {found.min_severity!r} (use {', '.join(LABELS[::-1])})"
        )
    _check_files(found, place)
    networks(found.allowed, place)
    if not found.allowed and not is_loopback(found.host):
        raise UsageError(f"{place}.allowed: others can reach {found.host}; name the networks that may send")
    return found


def networks(allowed: Sequence[str], place: str) -> list[Network]:
    """Return the networks; raise `UsageError` for a text that is none."""
    found: list[Network] = []
    for number, text in enumerate(allowed):
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            raise UsageError(
                f"{place}.allowed[{number}]: expected a network such as 10.0.0.0/8; got {text!r}"
            ) from None
    return found


def may_send(address: str, allowed: Sequence[Network]) -> bool:
    """Return True if an address is in one of the networks; without any, loopback is the only sender."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in allowed) if allowed else found.is_loopback


def _check_files(options: SyslogOptions, place: str) -> None:
    if (options.certfile is None) != (options.keyfile is None):
        raise UsageError(f"{place}: expected certfile and keyfile together; got one of them")
    if options.client_ca_file is not None and options.certfile is None:
        raise UsageError(f"{place}.client_ca_file: needs certfile and keyfile")
    if options.certfile is not None and not options.tcp:
        raise UsageError(f"{place}.certfile: needs tcp; datagrams are not encrypted")
    for name in ("certfile", "keyfile", "client_ca_file"):
        path = getattr(options, name)
        if path is not None and not Path(path).is_file():
            raise UsageError(f"{place}.{name}: expected a PEM file; {path} is none")
