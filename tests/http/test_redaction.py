"""What may be shown of requests and answers: no secret, no path of an address, one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.http.redaction import MAX_EXCERPT_CHARS, excerpt, origin_of, redact


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://hooks.example.org/services/T0/B0", "https://hooks.example.org"),
        ("http://user:pass@host:8080/x?token=1#y", "http://host:8080"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443"),
        ("https://HOST/x", "https://host"),
        ("https://host:99999/x", "an URL that cannot be read"),
        ("https://[::1", "an URL that cannot be read"),
    ],
)
def test_origin_is_scheme_and_host(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://a.example/T0/B0?x=1 now", "see https://a.example/… now"),
        ("see https://user:secret@a.example", "see https://a.example/…"),
        ("HTTP://A.example/x and https://b.example", "HTTP://A.example/… and https://b.example/…"),
        ('<a href="https://a.example/x">', '<a href="https://a.example/…">'),
        ("Authorization: Bearer abcdef123", "Authorization: Bearer [redacted]"),
        ("basic dXNlcjpwYXNz==", "basic [redacted]"),
        ("GenieKey 1234-5678", "GenieKey [redacted]"),
        ("signed by whsec_MDEyMzQ1", "signed by whsec_[redacted]"),
        ("two\nlines\x1b[31m\u202etxt", "two lines [31m txt"),
        ("  blank  ", "blank"),
        ("bearer of bad news", "bearer of bad news"),
    ],
)
def test_redact_hides_what_looks_like_a_credential(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_longer_secret_is_hidden_before_one_that_it_holds() -> None:
    assert redact("key-12345 key-1", ["key-1", "key-12345"]) == "[redacted] [redacted]"


def test_secret_of_a_few_characters_does_not_garble_the_text() -> None:
    assert redact("a banana", ["a", "", "ban"]) == "a banana"


@given(st.text(max_size=200), st.text(alphabet="abcXYZ0189", min_size=4, max_size=30))
def test_secret_is_never_shown(text: str, secret: str) -> None:
    assert secret not in redact(f"{text}{secret}{text}", [secret]).replace("[redacted]", "")


@given(st.text(max_size=300))
def test_redacted_text_is_one_line_without_controls(text: str) -> None:
    shown = redact(text)
    assert "\n" not in shown
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)


def test_excerpt_is_the_beginning_of_a_body() -> None:
    assert excerpt(b"short") == "short"
    assert excerpt(b"x" * 5_000) == "x" * (MAX_EXCERPT_CHARS - 1) + "…"
    assert excerpt(b"\xff\xfe bad") == "\ufffd\ufffd bad"
    assert excerpt(b"") == ""


@pytest.mark.parametrize("cut", range(1, 24, 4))
def test_secret_that_is_cut_in_half_is_not_shown(cut: int) -> None:
    """A long address shrinks to its host, so that what stands behind it comes into view."""
    secret = "hunter2-hunter2-hunter2"
    padding = 8 * MAX_EXCERPT_CHARS - len("https://a.example/ ") - cut
    body = f"https://a.example/{'p' * padding} {secret} and more".encode()
    assert "hunter2" not in excerpt(body, [secret])


def test_no_text_takes_for_ever() -> None:
    for text in ("http://" * 50_000, "https://" + "a" * 300_000, "bearer " * 50_000, "@" * 100_000):
        redact(text)
