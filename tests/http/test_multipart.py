"""Forms with a file are read as they come, in chunks of any size; broken ones end in a clear error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.http.body import BodyError
from aiops.http.multipart import MAX_HEADER_BYTES, Parts

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
KIND = f"multipart/form-data; boundary={BOUNDARY}"


def form(*parts: tuple[str, bytes], end: bytes = b"--\r\n") -> bytes:
    body = b""
    for head, content in parts:
        body += f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}".encode() + end


async def _chunks(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def read(body: bytes, size: int = 1 << 16, kind: str = KIND) -> list[tuple[str, str | None, bytes]]:
    async def all_of() -> list[tuple[str, str | None, bytes]]:
        parts = Parts(kind, _chunks(body, size))
        found = []
        while (part := await parts.next()) is not None:
            found.append((*part, b"".join([chunk async for chunk in parts.content()])))
        return found

    return asyncio.run(all_of())


def test_fields_and_a_file_are_told_apart() -> None:
    body = form(('name="token"', b"abc"), ('name="file"; filename="a b.jsonl"\r\nContent-Type: x/y', b"{}\n{}\n"))
    for size in (1, 2, 7, 60, 10_000):
        assert read(body, size) == [("token", None, b"abc"), ("file", "a b.jsonl", b"{}\n{}\n")]


def test_an_empty_file_is_a_file() -> None:
    assert read(form(('name="file"; filename=""', b""))) == [("file", "", b"")]


@given(st.binary(max_size=300), st.integers(1, 80))
def test_any_content_comes_back(content: bytes, size: int) -> None:
    if BOUNDARY.encode() not in content:
        assert read(form(('name="file"; filename="x"', content)), size) == [("file", "x", content)]


@given(
    st.integers(1, 60),
    st.lists(st.sampled_from([b"\r\n", b"--", b"\r\n--", BOUNDARY[:9].encode(), b"\r"]), max_size=20),
)
def test_content_that_looks_like_a_boundary_comes_back(size: int, pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    assert read(form(('name="f"; filename="x"', content)), size)[0][2] == content


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"no form at all" * 1_000, 400),
        (form(('name="a"', b"x"))[:-8], 400),
        (form(('name="a"', b"x"), end=b"xx"), 400),
        (form(("nothing", b"x")), 400),
        (f"--{BOUNDARY}\r\n".encode() + b"A: b\r\n" * MAX_HEADER_BYTES, 400),
    ],
    ids=["empty", "text", "cut", "no-end", "no-name", "endless-head"],
)
def test_a_broken_form_is_refused(body: bytes, status: int) -> None:
    with pytest.raises(BodyError) as caught:
        read(body)
    assert caught.value.status == status


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data", f"multipart/form-data; boundary={'x' * 71}"])
def test_another_content_type_is_refused(kind: str) -> None:
    with pytest.raises(BodyError) as caught:
        read(b"", kind=kind)
    assert caught.value.status == 415


def test_a_field_is_bounded() -> None:
    async def text() -> str:
        parts = Parts(KIND, _chunks(form(('name="a"', b"x" * 100)), 10))
        await parts.next()
        return await parts.text(50)

    with pytest.raises(BodyError) as caught:
        asyncio.run(text())
    assert caught.value.status == 413


def test_a_part_that_was_not_read_is_passed_over() -> None:
    async def names() -> list[str]:
        parts = Parts(KIND, _chunks(form(('name="a"', b"x" * 500), ('name="b"', b"y")), 33))
        found = []
        while (part := await parts.next()) is not None:
            found.append(part[0])
        return found

    assert asyncio.run(names()) == ["a", "b"]
