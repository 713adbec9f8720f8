"""The options of the mail source, and what makes them wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.http.auth import is_loopback
from aiops.options import convert


class MailOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the mail source."""

    maildir: Annotated[
        str | None,
        Meta(
            description="The folder of a Maildir; messages in its `new` are read and moved to `cur`. Either this or "
            "`listen`."
        ),
    ] = None
    listen: Annotated[
        Literal["smtp", "lmtp"] | None,
        Meta(description="Listen for a mail server by this protocol; needs the extra `aiops-engine[mail]`."),
    ] = None
    host: Annotated[
        str, Meta(description="The address to listen on; a loopback address, since a mail server stands before it.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="The port to listen on; 0 for any free one.")] = 8025
    senders: Annotated[
        list[str],
        Meta(
            description="Addresses, or domains as `@example.org`, whose messages are taken: by the envelope's sender, "
            "or in a Maildir by the header `Return-Path`, else `From`. Without any, all are."
        ),
    ] = field(default_factory=list)
    mapping: Annotated[str, Meta(description="Name or path of the mapping that reads a message.")] = "email"
    max_message_bytes: Annotated[int, Meta(ge=1_024, le=64 << 20, description="A longer message is refused.")] = 8 << 20
    poll_s: Annotated[float, Meta(gt=0, le=3_600, description="How long to wait between two looks at a Maildir.")] = 1.0


def mail_options(name: str, options: Mapping[str, Any]) -> MailOptions:
    """Return the options of source `name`; raise `UsageError` for the one that is wrong."""
    place = f"sources.{name}"
    found = convert(options, MailOptions, place)
    if (found.maildir is None) == (found.listen is None):
        got = "both" if found.listen else "neither"
        raise UsageError(f"{place}: expected either maildir or listen; got {got}")
    if found.listen is not None and not is_loopback(found.host):
        raise UsageError(
            f"{place}.host: expected a loopback address (got {found.host}); let a mail server receive and pass it on"
        )
    for number, sender in enumerate(found.senders):
        if "@" not in sender:
            raise UsageError(f"{place}.senders[{number}]: expected an address or @domain; got {sender!r}")
    return found


def is_wanted(sender: str, senders: list[str]) -> bool:
    """Return True if messages of a sender are taken.

    >>> is_wanted("ops@mon.example.org", ["@mon.example.org"]), is_wanted("x@evilmon.example.org", ["@mon.example.org"])
    (True, False)
    """
    address = sender.strip().strip("<>").lower()
    wanted = [one.lower() for one in senders]
    return not wanted or address in wanted or f"@{address.rpartition('@')[2]}" in wanted
