"""Classes of the state: one declaration a field, in the class, in its objects and in snapshots."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from aiops.engine.dedup.stream import Stream
from aiops.engine.fields import SINCE_8, UNSAVED, hints, is_state, saved_fields, state
from aiops.engine.incidents.clusters import MemberState
from aiops.engine.snapshot import Forms, rows
from aiops.records import Alert
from tests.engine.made import made


@state(acyclic=True)
class Part:
    """A part of a state."""

    text: str
    number: float | None = None


@state(acyclic=True)
class Whole:
    """A state with parts."""

    name: str
    parts: dict[int, Part]
    link: Annotated[Part | None, UNSAVED] = None
    first: Part | None = None
    ratio: float = 0.5
    times: tuple[float, ...] = ()


def through_bytes(value: object) -> Whole:
    """The value that a snapshot has instead of this one."""
    found = Forms().decode(Whole, msgspec.msgpack.encode(value, enc_hook=rows()))
    assert isinstance(found, Whole)
    return found


def test_an_object_has_the_defaults_and_nothing_that_is_not_declared() -> None:
    part = Part()
    assert part.number is None
    assert not hasattr(part, "text"), "who makes it sets what has no default"
    assert not hasattr(part, "__dict__")
    with pytest.raises(AttributeError):
        part.other = 1  # type: ignore[attr-defined]


def test_saved_fields_are_those_declared_without_links_in_their_order() -> None:
    assert list(saved_fields(Whole)) == ["name", "parts", "first", "ratio", "times"]
    assert saved_fields(Whole)["ratio"] is float
    assert "link" in hints(Whole)


def test_native_classes_have_their_annotations_from_the_source_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for cls in (Stream, MemberState):
        plain = hints(cls)
        module = sys.modules[cls.__module__]
        source = Path(str(module.__file__))
        with monkeypatch.context() as patch:
            patch.setattr(module, "__file__", str(source.with_name(f"{source.stem}.cpython-311-x86_64-linux-gnu.so")))
            assert list(hints(cls).items()) == list(plain.items())


@state(acyclic=True)
class Later:
    """A state that has gained a field."""

    name: str
    count: Annotated[int, SINCE_8] = 3


def test_a_field_that_an_earlier_version_lacks_has_its_default() -> None:
    assert (list(saved_fields(Later)), list(saved_fields(Later, 7))) == (["name", "count"], ["name"])
    assert list(saved_fields(Later, 8)) == ["name", "count"]
    old = Forms(7).decode(Later, msgspec.msgpack.encode(["cart"]))
    assert (old.name, old.count) == ("cart", 3)
    present = Forms().decode(Later, msgspec.msgpack.encode(["cart", 5]))
    assert (present.name, present.count) == ("cart", 5)


def test_a_class_without_its_source_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "stream.py").write_text("")
    monkeypatch.setattr(sys.modules[Stream.__module__], "__file__", str(tmp_path / "stream.so"))
    with pytest.raises(LookupError, match="no class Stream; the compiled engine needs its source beside it"):
        hints(Stream)


def test_records_and_plain_types_are_no_classes_of_the_state() -> None:
    assert is_state(Stream)
    assert not any(is_state(kind) for kind in (Alert, str, list[Stream], None))


def test_objects_pass_through_a_snapshot_as_lists_of_their_fields() -> None:
    inner = made(Part, text="a", number=2.5)
    whole = made(Whole, name="w", parts={7: inner}, link=inner, first=made(Part, text="b"), times=(1.0, 2.0))
    raw = msgspec.msgpack.encode(whole, enc_hook=rows())
    assert msgspec.msgpack.decode(raw, strict=True, type=list) == ["w", {7: ["a", 2.5]}, ["b", None], 0.5, [1.0, 2.0]]
    again = through_bytes(whole)
    assert (again.parts[7].text, again.parts[7].number, again.link) == ("a", 2.5, None)
    assert again.first is not None
    assert (again.first.text, again.first.number, again.times) == ("b", None, (1.0, 2.0))


@pytest.mark.parametrize(
    "row",
    [
        ["w", {}, None, 0.5],
        ["w", {}, None, 0.5, [], 1],
        [1, {}, None, 0.5, []],
        ["w", {"x": ["a", None]}, None, 0.5, []],
        ["w", {1: ["a"]}, None, 0.5, []],
        ["w", {}, ["a", "b"], 0.5, []],
        ["w", {}, None, 0.5, ["x"]],
        {"name": "w"},
        None,
    ],
)
def test_what_is_not_of_the_declared_types_is_refused(row: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        through_bytes(row)
