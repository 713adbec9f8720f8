"""Labels of a mapping: copied, paired, tagged, set and dropped, within bounds."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.mapping.expressions import Scope
from aiops_connectors.mapping.labels import MAX_LABELS, MAX_NAME, MAX_TAGS, MAX_VALUE, Labels, LabelSpec, Pairs
from hypothesis import given
from hypothesis import strategies as st


def collect(item: Any, **spec: Any) -> dict[str, str]:
    return Labels(LabelSpec(**spec), {}).collect(Scope(item, item, {}, None))


def test_scalars_of_an_object_are_copied() -> None:
    item = {
        "labels": {
            "a": "x",
            "n": 3,
            "f": 2.5,
            "yes": True,
            "none": None,
            "deep": {"x": 1},
            "list": [{"a": 1}],
            "": "e",
            "b": "",
        }
    }
    assert collect(item, copy=["labels"]) == {"a": "x", "n": "3", "f": "2.5", "yes": "true"}


def test_pairs_are_read_from_objects_and_lists() -> None:
    item = {
        "dims": [{"name": "Queue", "value": "q1"}, {"name": "", "value": "x"}, {"name": "n"}, 7],
        "list": [["k", "v"]],
    }
    assert collect(item, pairs=[Pairs("dims", "name", "value")]) == {"Queue": "q1"}
    assert collect(item, pairs=[Pairs("list", "[0]", "[1]")]) == {"k": "v"}


@pytest.mark.parametrize(
    ("tags", "labels"),
    [
        (["env:prod", "url:http://x"], {"env": "prod", "url": "http://x"}),
        ("env:prod, team:db", {"env": "prod", "team": "db"}),
        (["b", "a", "a"], {"tags": "a,b"}),
        (["x:", ":y", " : "], {"tags": ":,:y,x:"}),
        (["env:a", "env:b"], {"env": "b"}),
        (7, {}),
        ([], {}),
        ([None, {}, []], {}),
    ],
)
def test_tags_are_names_with_values_and_the_rest_is_gathered(tags: Any, labels: dict[str, str]) -> None:
    assert collect({"tags": tags}, tags=["tags"]) == labels


def test_later_ways_win_and_drop_takes_away() -> None:
    item = {"labels": {"a": "1", "b": "1", "c": "1"}, "tags": ["a:2", "b:2"], "own": "3"}
    assert collect(item, copy=["labels"], tags=["tags"], set={"a": "own"}, drop=["c", "gone"]) == {"a": "3", "b": "2"}


def test_payload_that_grows_without_end_is_bounded() -> None:
    item = {"labels": {f"l{n:04}": "x" for n in range(500)}, "tags": [f"t{n:04}:x" for n in range(5_000)]}
    labels = collect(item, copy=["labels"])
    assert list(labels) == [f"l{n:04}" for n in range(MAX_LABELS)]
    assert len(collect(item, tags=["tags"])) == MAX_LABELS
    assert set(collect({"tags": ["x"] * MAX_TAGS + ["late:1"]}, tags=["tags"])) == {"tags"}


def test_list_of_scalars_is_one_label_of_all() -> None:
    item = {"tags": {"scope": ["capacity", "notice"], "count": [1, None], "deep": [{"a": 1}], "none": []}}
    assert collect(item, copy=["tags"]) == {"scope": "capacity,notice", "count": "1"}


def test_labels_held_as_json_text_are_unwrapped() -> None:
    item = {"tags": '[{"tag": "scope", "value": "notice"}]', "plain": '["a:1", "b"]', "broken": '[{"tag": '}
    assert collect(item, pairs=[Pairs("tags", key="tag")]) == {"scope": "notice"}
    assert collect(item, tags=["plain"]) == {"a": "1", "tags": "b"}
    assert collect(item, pairs=[Pairs("broken", key="tag")], tags=["broken"]) == {}


@given(
    st.dictionaries(st.text(max_size=400), st.one_of(st.text(max_size=1_500), st.integers(), st.booleans()), max_size=5)
)
def test_names_and_values_are_bounded(labels: dict[str, Any]) -> None:
    for name, value in collect({"labels": labels}, copy=["labels"]).items():
        assert 0 < len(name) <= MAX_NAME
        assert 0 < len(value) <= MAX_VALUE


@pytest.mark.parametrize("item", [None, 7, "text", [], {"labels": "x"}, {"labels": [1]}])
def test_payload_of_another_shape_has_no_labels(item: Any) -> None:
    assert collect(item, copy=["labels"], pairs=[Pairs("labels")], set={"a": "x.y"}) == {}
