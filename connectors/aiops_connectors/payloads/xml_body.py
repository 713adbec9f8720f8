"""XML bodies as objects, read by expat with bounds: no document type, no entities, limited depth.

`<alert id="7"><host>web-1</host></alert>` is `{"alert": {"@id": "7", "host": "web-1"}}`. Attributes are `@name`; the
text of an element that also has attributes or children is `#text`; repeated elements are a list. Prefixes of namespaces
are left out, since each sender may choose its own.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from aiops.errors import RecordError

# Deeper than any tool nests.
MAX_DEPTH = 64
MAX_ELEMENTS = 50_000
MAX_ATTRIBUTES = 200


class _Refused(Exception):
    """Raised in a handler of expat; its text is the reason."""


class _Reader:
    """Builds the object from the events of expat."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MAX_DEPTH:
            raise _Refused(f"expected elements at most {MAX_DEPTH} deep; got more")
        if self._count > MAX_ELEMENTS or len(attributes) > MAX_ATTRIBUTES:
            raise _Refused(f"expected at most {MAX_ELEMENTS} elements with {MAX_ATTRIBUTES} attributes; got more")
        own = {
            f"@{_local(key)}": value
            for key, value in attributes.items()
            if key != "xmlns" and not key.startswith("xmlns:")
        }
        self._open.append((_local(name), own, []))

    def text(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)

    def end(self, _: str) -> None:
        name, inside, pieces = self._open.pop()
        text = "".join(pieces).strip()
        if inside and text:
            inside["#text"] = text
        value = inside or text
        into = self._open[-1][1] if self._open else self.root
        known = into.get(name)
        if name not in into:
            into[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            into[name] = [known, value]


def xml(body: bytes) -> dict[str, Any]:
    """Return an XML document as an object; raise `RecordError` for what is none, or holds a document type.

    >>> xml(b'<a x="1"><b>2</b><b>3</b></a>')
    {'a': {'@x': '1', 'b': ['2', '3']}}
    """
    reader = _Reader()
    # A body is UTF-8 by now, whatever its declaration states (`as_utf8`); other bytes keep the declared encoding.
    parser = expat.ParserCreate("utf-8" if _is_utf8(body) else None)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.EntityDeclHandler = _no_document_type
    try:
        parser.Parse(body, True)
    except _Refused as error:
        raise RecordError(f"XML: {error}") from None
    except expat.ExpatError as error:
        raise RecordError(f"expected XML: {str(error)[:200]}") from None
    except (ValueError, LookupError) as error:
        raise RecordError(f"expected XML in a charset that is known: {str(error)[:100]}") from None
    return reader.root


def _no_document_type(*_: Any) -> None:
    raise _Refused("expected a document without a document type (<!DOCTYPE …>) and entities; got one")


def _local(name: str) -> str:
    return name.rpartition(":")[2] or name


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


__all__ = ["xml"]
