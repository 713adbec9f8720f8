"""Bodies and values of any form as documents: JSON, forms, XML, e-mail, OTLP and plain text.

The content type decides where it is meaningful, and a look at the body where it does not: many senders state a wrong
one, or none. What begins like JSON and is JSON is taken as JSON under any name.
"""

from __future__ import annotations

from typing import Any

import msgspec

from aiops.errors import RecordError
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.payloads.forms import form, multipart, parameters, resembles_form
from aiops_connectors.payloads.framing import likely_form
from aiops_connectors.payloads.json_body import json_documents, json_lines, plain
from aiops_connectors.payloads.mime_body import mime
from aiops_connectors.payloads.otlp_protobuf import CONTENT_TYPES, otlp_logs
from aiops_connectors.payloads.xml_body import xml

# Texts of a tool; a longer body that is none of the other forms is a file.
MAX_TEXT = 1 << 20
_FAST = msgspec.json.Decoder()
MAX_ASSIGNED = 64
_JSON_STARTS = (b"{", b"[")
# Beginnings that only JSON has. A line of a log may begin with a bracket as well.
_SURELY_JSON = (b"{", b"[{", b'["', b"[[")


def document(body: bytes, content_type: str, problems: list[Problem]) -> Any:
    """Return the document that a body holds; flaws that were mended are added to `problems` as warnings.

    Objects are dicts. Raise `RecordError` with what was expected if the body cannot be read.

    >>> document(b"host=web-1&state=down", "application/x-www-form-urlencoded", [])
    {'host': 'web-1', 'state': 'down'}
    >>> document(b"<alert><host>web-1</host></alert>", "text/xml", [])
    {'alert': {'host': 'web-1'}}
    >>> document(b"Disk full on web-1", "text/plain", [])
    {'text': 'Disk full on web-1'}
    """
    try:
        found = _FAST.decode(body)
        if type(found) is dict or type(found) is list:
            return found
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return _other(body, content_type, problems)


def _other(body: bytes, content_type: str, problems: list[Problem]) -> Any:
    kind = content_type.partition(";")[0].strip().lower()
    start = body[:256].lstrip()
    if kind == "multipart/form-data":
        return multipart(body, parameters(content_type).get("boundary", ""))
    if kind == "message/rfc822":
        return mime(body)
    if kind in CONTENT_TYPES:
        return otlp_logs(body)
    if start.startswith(_JSON_STARTS):
        lines = json_lines(body) or (json_documents(body) if start.startswith(b"{") else None)
        if lines is not None:
            return lines
        if _is_json(kind) or start.replace(b" ", b"").replace(b"\n", b"").startswith(_SURELY_JSON):
            return plain(body, problems)
    if _is_xml(kind) or (start.startswith(b"<") and not kind.startswith("text/")):
        return xml(body)
    assigned = _assigned(body)
    if assigned is not None:
        return assigned
    if kind == "application/x-www-form-urlencoded" and b"=" in body:
        return form(body)
    if not kind.startswith("text/") and resembles_form(body):
        return form(body)
    if _is_json(kind) or not kind:
        return _json_or_text(body, kind, problems)
    return {"text": _text(body, kind)}


def _assigned(body: bytes) -> dict[str, str] | None:
    """Return `name={…}` as a form of one field that nobody encoded; None if the rest is not JSON.

    Zabbix' media type for SIGNL4 sends that, under the name of JSON.
    """
    name, _, value = body.partition(b"=")
    if not (0 < len(name) <= MAX_ASSIGNED and name.isalnum()) or value[:1] not in _JSON_STARTS:
        return None
    try:
        _FAST.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return {name.decode(): value.decode()}


def _json_or_text(body: bytes, kind: str, problems: list[Problem]) -> Any:
    """A body under the name of JSON, or of nothing: a scalar or a flaw is JSON's; words are text.

    OpenSearch sends the sentence of its default template under the name of JSON.
    """
    try:
        return plain(body, problems)
    except RecordError:
        start = body[:256].lstrip()
        if kind and not (start[:1].isalpha() and b" " in start):
            raise
    return {"text": _text(body, kind)}


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith(("+json", "/json", "ndjson", "jsonl", "json-lines", "x-json"))


def _is_xml(kind: str) -> bool:
    return kind in ("application/xml", "text/xml") or kind.endswith("+xml")


def _text(body: bytes, kind: str) -> str:
    if len(body) > MAX_TEXT:
        raise RecordError(f"expected a text of at most {MAX_TEXT} bytes; got {len(body)}")
    if b"\0" in body[:4_096]:
        words = likely_form(body) or f"got binary data{f' ({kind[:60]})' if kind else ''}"
        raise RecordError(f"expected JSON, a form, XML or text; {words}")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    if not text.strip():
        raise RecordError("expected a body; it is blank")
    return text


__all__ = ["document"]
