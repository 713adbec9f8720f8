"""XML bodies: elements, attributes, repetitions, charsets, and documents that would do harm."""

from __future__ import annotations

import pytest
from aiops_connectors.payloads.xml_body import MAX_DEPTH, xml

from aiops.errors import RecordError


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<a/>", {"a": ""}),
        ("<a> b </a>", {"a": "b"}),
        ('<a x="1">b</a>', {"a": {"@x": "1", "#text": "b"}}),
        ("<a>b<c/>d</a>", {"a": {"c": "", "#text": "bd"}}),
        ("<a><b>1</b><b>2</b><b>3</b></a>", {"a": {"b": ["1", "2", "3"]}}),
        ("<x:a xmlns:x='u' xmlns='v' x:y='1'/>", {"a": {"@y": "1"}}),
        ("<a>&lt;&#x41;&amp;<![CDATA[<b>]]><!-- c --><?pi?></a>", {"a": "<A&<b>"}),
    ],
)
def test_a_document_becomes_an_object(body: str, expected: object) -> None:
    assert xml(body.encode()) == expected


def test_charsets_by_declaration_and_by_mark() -> None:
    assert xml("<?xml version='1.0' encoding='iso-8859-1'?><a>\u00fc</a>".encode("latin-1")) == {"a": "\u00fc"}
    assert xml("<?xml version='1.0' encoding='utf-16'?><a>\u00fc</a>".encode("utf-16")) == {"a": "\u00fc"}
    # Converted by the charset of its content type, and the declaration left as it was.
    assert xml("<?xml version='1.0' encoding='iso-8859-1'?><a>\u00fc</a>".encode()) == {"a": "\u00fc"}


def test_the_deepest_and_one_deeper() -> None:
    assert xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH)
    with pytest.raises(RecordError, match="deep"):
        xml(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1))


BILLION = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))


@pytest.mark.parametrize(
    "body",
    [
        f'<!DOCTYPE a [<!ENTITY l0 "lol">{BILLION}]><a>&l8;</a>',
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1/x'> %p;]><a/>",
        "<!DOCTYPE a PUBLIC '-//x' 'http://127.0.0.1/x.dtd'><a/>",
        "<a>&nbsp;</a>",
        "<a",
        "",
        "<a/><b/>",
        "<a x='1' x='2'/>",
        "<?xml version='1.0' encoding='no-such-charset'?><a>\udcff</a>",
    ],
)
def test_a_document_that_would_do_harm_is_refused(body: str) -> None:
    with pytest.raises(RecordError, match="XML"):
        xml(body.encode("utf-8", "surrogateescape"))
