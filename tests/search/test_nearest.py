"""The nearest word: typing errors are recognised, other words are not."""

from __future__ import annotations

import pytest

from aiops.search.nearest import MAX_CANDIDATES, nearest


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("sevice", ["severity", "service"], "service"),
        ("payment-api", ["payments-api", "search-api"], "payments-api"),
        ("Srevice", ["service"], "service"),
        ("hihg", ["critical", "high"], "high"),
        ("ok", ["no"], None),
        ("payments", ["payments"], None),
        ("checkout", ["payments", "search"], None),
        ("", ["a"], None),
        ("catalog", ["catalogue-and-more"], None),
    ],
)
def test_the_nearest_word_is_found(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == meant


def test_the_nearest_of_several_wins() -> None:
    assert nearest("payments-apy", ["payments-aqq", "payments-api"]) == "payments-api"


def test_a_long_list_is_not_read_to_its_end() -> None:
    read = 0

    def names() -> object:
        nonlocal read
        for number in range(MAX_CANDIDATES * 2):
            read += 1
            yield f"name-{number:08}"

    nearest("x" * 100_000, names())  # type: ignore[arg-type]
    assert read == MAX_CANDIDATES + 1
