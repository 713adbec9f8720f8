"""Forms, queries and multipart fields, with careless and hostile senders."""

from __future__ import annotations

import tracemalloc

import pytest
from aiops_connectors.payloads.documents import document
from aiops_connectors.payloads.forms import MAX_FIELDS, form, multipart, parameters, resembles_form

from aiops.errors import RecordError


def part(head: str, body: str, end: str = "\r\n") -> bytes:
    return f"--b{end}{head}{end}{end}{body}{end}".encode()


def test_repeated_names_are_a_list() -> None:
    assert form("a=1&a=2&a=3&b=") == {"a": ["1", "2", "3"], "b": ""}
    assert multipart(part('Content-Disposition: form-data; name="a"', "1") * 2 + b"--b--", "b") == {"a": ["1", "1"]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a=1", True),
        (b"alert[name]=x&b=%20", True),
        (b"a.b-c_d=1", True),
        (b"=1", False),
        (b"a b=1", False),
        (b"a=1 2", False),
        (b"a=<b>", False),
        (b'a={"b"}', False),
        (b"http://x/?a=1", False),
        (b"text", False),
    ],
)
def test_a_form_is_known_by_its_look(body: bytes, expected: bool) -> None:
    assert resembles_form(body) is expected


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('Content-Disposition: form-data; name="a"', {"a": "text"}),
        ("content-disposition: form-data; name=a", {"a": "text"}),
        ('Content-Type: text/plain\r\nContent-Disposition: form-data; name="a b;c"', {"a b;c": "text"}),
        ('Content-Disposition: form-data; name="say \\"a\\""', {'say "a"': "text"}),
        ('Content-Disposition: form-data; name="a"; filename="x"', {}),
        ("Content-Disposition: form-data", {}),
        ("X: y", {}),
    ],
)
def test_a_part_gives_a_text_or_nothing(head: str, expected: dict[str, str], end: str) -> None:
    assert multipart(part(head.replace("\r\n", end), "text", end) + b"--b--", "b") == expected


def test_a_body_in_another_charset_is_read() -> None:
    body = part('Content-Disposition: form-data; name="a"', "x").replace(b"x", b"m\xfcnchen") + b"--b--"
    assert multipart(body, "b") == {"a": "m\u00fcnchen"}


@pytest.mark.parametrize("boundary", ["", "x" * 71, "\u00fc", "other"])
def test_parts_without_their_boundary_are_refused(boundary: str) -> None:
    with pytest.raises(RecordError, match="boundary"):
        multipart(part("Content-Disposition: form-data; name=a", "1") + b"--b--", boundary)


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(RecordError, match="at most 1000"):
        form("a=1&" * (MAX_FIELDS + 1) + "a=1")
    with pytest.raises(RecordError, match="at most 1000"):
        multipart(part("Content-Disposition: form-data; name=a", "1") * (MAX_FIELDS + 1), "b")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a; b=1", {"b": "1"}),
        ('a; b="1"; C=2', {"b": "1", "c": "2"}),
        ('a; b="unclosed', {"b": "unclosed"}),
        ("a; b", {}),
        (";;;=", {"": ""}),
        ("a; b=1; b=2", {"b": "1"}),
    ],
)
def test_parameters_of_a_header(header: str, expected: dict[str, str]) -> None:
    assert parameters(header) == expected


def test_a_form_under_the_name_of_json_is_a_form() -> None:
    for kind in ("application/json", "", "application/x-www-form-urlencoded"):
        assert document(b'payload={"a": "1+1 & 2"}', kind, []) == {"payload": '{"a": "1+1 & 2"}'}
    assert document(b"payload=%7B%7D", "application/x-www-form-urlencoded", []) == {"payload": "{}"}


def test_a_long_value_is_decoded_in_pieces() -> None:
    for shift in range(4):
        assert form(b"a=" + b"x" * shift + b"%41+" * 100_000)["a"] == "x" * shift + "A " * 100_000
    assert form(b"a=" + b"%" * 200_000)["a"] == "%" * 200_000


def test_a_hostile_value_takes_memory_of_its_own_length() -> None:
    body = b"a=" + b"%" * (2 << 20)
    tracemalloc.start()
    try:
        form(body)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(body)
    finally:
        tracemalloc.stop()


def test_an_encoded_value_of_windows_keeps_its_letters() -> None:
    assert form(b"host=m%FCnchen") == {"host": "m\u00fcnchen"}
