"""A message of anybody to records and dead letters."""

from __future__ import annotations

import hashlib
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parseaddr

from aiops.ports import DeadLetter, Received
from aiops.records import Record
from aiops_connectors.mail.options import MailOptions
from aiops_connectors.mapping.builders import MAX_RAW
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.payloads.unknown_words import UnknownWords
from aiops_connectors.payloads.values import ValueDecoder

_HEADERS = {"content-type": "message/rfc822"}
# The headers are in the first part of a message; its rest may be attachments.
_HEAD = 256 << 10


class Messages:
    """Decodes messages by the mapping of one source."""

    def __init__(self, name: str, options: MailOptions) -> None:
        """Raise `UsageError` for a mapping that cannot be read."""
        self.name = name
        mapping = load_mapping(options.mapping)
        self.reload = mapping.reload
        self._decoder = ValueDecoder(mapping, max_bytes=options.max_message_bytes)
        self.unknown = UnknownWords(name)

    def received(self, raw: bytes, now: float) -> Received:
        """Return what a message becomes; `now` (Unix seconds) is the time of receipt.

        Its place is its digest: the same message, read again after a crash, gives the same records.
        """
        place = hashlib.blake2b(raw, digest_size=12).hexdigest()
        records: list[Record] = []
        problems = self._decoder.decode(raw, records, place=place, now=now, headers=_HEADERS)
        letters = [
            DeadLetter(self.name, f"{place} {one.place}", one.reason, (one.raw or raw)[:MAX_RAW], now)
            for one in self.unknown.sift(problems)
        ]
        self.unknown.check_severities(records)
        return Received(records, None, letters)


def sender_of(raw: bytes) -> str:
    """Return the address that a stored message came from: of `Return-Path`, else of `From`; may be empty."""
    # Headers alone: parts that are nested deeply would exceed the depth of recursion.
    message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw[:_HEAD])
    for name in ("return-path", "from"):
        address = parseaddr(str(message.get(name, ""))[:1_000])[1]
        if address:
            return address
    return ""
