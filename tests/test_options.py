"""Options are described once: the same declaration gives the check, the words for people and the tables."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.options import NoOptions, convert, describe, shared_base


class Base(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every test receiver."""

    timeout_s: Annotated[float, Meta(gt=0, le=60, description="How long one attempt may take.")] = 15.0


class Middle(Base, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Annotated[str, Meta(max_length=9, description="Where to [send](x.md#y).")]


class Inner(Struct):
    word: Annotated[Literal["b", "a"] | None, Meta(description="A word.")] = None


class Options(Middle, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tags: Annotated[list[str], Meta(description="Added.")] = field(default_factory=list)
    parts: dict[str, Inner] = field(default_factory=dict)


def test_describe_gives_type_bounds_default_and_description_of_each_option() -> None:
    assert [tuple(option) for option in describe(Options)] == [
        ("timeout_s", "number, > 0, ≤ 60", "15", "How long one attempt may take."),
        ("url", "text, at most 9 characters", "required", "Where to [send](x.md#y)."),
        ("tags", "list of text", "[]", "Added."),
        ("parts.NAME.word", "one of a, b", "none", "A word."),
    ]


def test_describe_leaves_out_the_fields_of_the_shared_base() -> None:
    base = shared_base(Options)
    assert base is Base
    assert [option.name for option in describe(Options, without=base, unfold=False)] == ["url", "tags", "parts"]
    assert shared_base(Base) is None


def test_a_description_is_shown_without_its_links() -> None:
    assert describe(Middle)[1].plain == "Where to send."


def test_convert_refuses_unknown_options_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"endpoints\.x: unknown option 'urll' \(use timeout_s, url\)"):
        convert({"urll": "h"}, Middle, "endpoints.x")
    with pytest.raises(UsageError, match="it has no options"):
        convert({"a": 1}, NoOptions, "x")


def test_convert_refuses_wrong_values_with_their_place() -> None:
    with pytest.raises(UsageError, match=r"endpoints\.x: .*timeout_s"):
        convert({"url": "h", "timeout_s": 0}, Middle, "endpoints.x")
    assert convert({"url": "h"}, Middle, "x") == Middle(url="h")
