"""What is hidden of an answer."""

from __future__ import annotations

import time

import pytest

from aiops.collect.secrets import HIDDEN, MAX_TEXT, hidden, is_secret_name, lines_hidden

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("connect failed password=hunter2 host=db", "hunter2"),
        ("DB_PASSWORD: 'two words' next", "two words"),
        ('{"client_secret": "abc\\"def", "n": 1}', "abc"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("authorization=Bearer abcdefghijk rest", "abcdefghijk"),
        ("Cookie: session=abcdef; theme=dark", "abcdef"),
        ("x-api-key: 12345678", "12345678"),
        (f"got {JWT} back", JWT[30:]),
        (f"got {JWT} back", JWT.rpartition(".")[2]),
        ("key AKIAIOSFODNN7EXAMPLE used", "IOSFODNN7EXAMPLE"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnopqrstuvwxyz"),
        ("hook xoxb-123456789012-abcdef", "123456789012"),
        ("postgres://app:s3cr3t@db.example:5432/shop", "s3cr3t"),
        ("mail from ann.smith+x@shop.example.org failed", "ann.smith"),
        ("https://hooks.example.org/T0/B0/secretpath", "secretpath"),
        ("?token=abc123&user=ann", "abc123"),
        ("the words my-own-secret here", "my-own-secret"),
    ],
)
def test_secrets_are_hidden(text: str, secret: str) -> None:
    assert secret not in hidden(text, ["my-own-secret"])


@pytest.mark.parametrize(
    "text",
    [
        "OOMKilled: memory limit 512Mi of container cart reached",
        "2 tokens left",
        "no such image registry.example.org/cart:1.2",
        "secret cart-tls was not found",
    ],
)
def test_what_helps_stays(text: str) -> None:
    assert hidden(text) == text


def test_a_private_key_is_hidden_over_its_lines() -> None:
    lines = ["before", "-----BEGIN RSA PRIVATE KEY-----", "MIIEabc", "def", "-----END RSA PRIVATE KEY-----", "after"]
    assert lines_hidden(lines) == ["before", HIDDEN, HIDDEN, HIDDEN, HIDDEN, "after"]
    assert lines_hidden(["-----BEGIN EC PRIVATE KEY----- x -----END EC PRIVATE KEY-----", "after"]) == [HIDDEN, "after"]


def test_a_secret_at_the_cut_of_a_long_line_does_not_stay_in_half() -> None:
    token = "ghp_" + "abcdefghij" * 4
    for before in range(4, len(token)):
        line = "x " * ((MAX_TEXT - before) // 2) + token + " and more"
        assert "ghp_" not in hidden(line)


def test_a_long_line_is_cut_at_a_blank_and_takes_no_time() -> None:
    began = time.process_time()
    for text in (
        "password" * 4_000,
        "a@" * 9_000,
        "token=" * 5_000,
        "eyJ" + "a" * 20_000,
        "x" * 8_190 + " password=ab",
    ):
        assert "password=ab" not in hidden(text)
    assert time.process_time() - began < 2.0


def test_columns_by_name() -> None:
    assert [is_secret_name(one) for one in ("password", "db.token", "API_KEY", "pod", "cookies")] == [
        True,
        True,
        True,
        False,
        True,
    ]
