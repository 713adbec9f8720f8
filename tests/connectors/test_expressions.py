"""The path language and the mapping format: what it finds, and what it says of a mapping that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.mapping.expressions import Scope, Term, compile_path, compile_spec, text
from aiops_connectors.mapping.mapping import SHIPPED, load_mapping, names
from aiops_connectors.mapping.times import parse_time
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError

ITEM = {
    "a": {"b": {"c": 1}, "x.y": "dotted", "e": "", "f": "second"},
    "list": [{"name": "p", "value": 1}, {"name": "q", "value": 2}],
    "text": "host=web-1 up",
    "oids": [{"oid": 5, "value": 6}, {"value": 1}, {"oid": "1.3.6.4", "value": 7}],
    "pairs": [["level", "error"], [], ["host", "web-1"], {"name": "p"}],
}


def scope(item: Any = ITEM) -> Scope:
    return Scope(item, {"whole": 1}, {"x-kind": "H"}, "K", 3, {"id": "out"})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b.c", 1),
        ("a.b", {"c": 1}),
        ('a["x.y"]', "dotted"),
        ("list[0].name", "p"),
        ("list[-1].name", "q"),
        ("list[9].name", None),
        ("list[*].value", [1, 2]),
        ("list[0][*]", ["p", 1]),
        ("a[*].c", [1]),
        ("missing[*].value", None),
        ("list[name=q].value", 2),
        ("list[name=z].value", None),
        ("oids[oid=1.3.6.*].value", 7),
        ("oids[oid=1.9.*].value", None),
        ("oids[oid=*].value", None),
        ("pairs[0=host][1]", "web-1"),
        ("pairs[0=none][1]", None),
        ("pairs[5=host][1]", None),
        ("a.none.deeper", None),
        ("text.of.a.text", None),
        ("$.whole", 1),
        ("@headers.X-Kind", "H"),
        ("@outer.id", "out"),
        ("@key", "K"),
        ("@index", 3),
        (".", ITEM),
    ],
)
def test_paths(path: str, expected: Any) -> None:
    assert compile_path(path)(scope()) == expected


@pytest.mark.parametrize("path", ["a[", "a..b", "a[x", 'a["', "[]"])
def test_a_wrong_path_is_told(path: str) -> None:
    with pytest.raises(UsageError, match="path"):
        compile_path(path)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (Term(path="text", match=r"host=(\S+)"), "web-1"),
        (Term(path="text", match="nothing", default="d"), "d"),
        (Term(path="list[0].name", table={"P": "found"}), "found"),
        (Term(path="list[0].name", table={"other": "x"}), "p"),
        (Term(path="list[0].name", table={"*": "any"}), "any"),
        (Term(path="none", table={"*": "any"}, default="d"), "d"),
        (Term(first=["a.none", "a.e", "a.f", "text"]), "second"),
        (Term(join=["a.e", "a.f", "list[*].name", "a.f"], separator="-"), "second-p-q"),
        (Term(join=["a.f", "a.f"], separator="/", whole=True), "second/second"),
        (Term(join=["a.f", "a.none"], separator="/", whole=True), None),
        (Term(value="literal"), "literal"),
    ],
)
def test_terms(term: Term, expected: Any) -> None:
    assert compile_spec(term, {})(scope()) == expected


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (Term(), "exactly one of"),
        (Term(path="a", value="b"), "path, value"),
        (Term(path="a", match="("), "match"),
        (Term(path="a", match="^(?!x)"), "match: .* RE2"),
        (Term(path="a", table="nowhere"), "table"),
    ],
)
def test_wrong_terms_are_told(term: Term, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        compile_spec(term, {"status": {}})


@pytest.mark.parametrize("pattern", [r"((a+))+$", "(a|a)*b$", r"^((\\w+)-?)+-canary", "^(x+x+)+y"])
def test_no_expression_of_a_mapping_takes_for_ever(tmp_path: Path, pattern: str) -> None:
    """As a term, a condition and a placeholder; on texts that a backtracking engine never finishes."""
    file = tmp_path / "own.yaml"
    file.write_text(
        "apiVersion: aiops/v1\nkind: Mapping\nname: own\nsummary: s\n"
        f"placeholder: '{pattern}'\n"
        "rules:\n"
        f"  - when: [{{path: never, matches: '{pattern}'}}]\n"
        "    name: never\n"
        f"  - name: [{{path: pod, match: '{pattern}'}}, pod]\n"
        "    entity: pod\n"
    )
    mapping = load_mapping(file)
    for pod in ("a" * 40 + "!", "a" * 2_000 + "!", "checkoutservice-7d9f8c6b5d-x2x4z", "x" * 2_000):
        records, problems = mapping.apply({"pod": pod, "never": pod}, {}, None, 1.0)
        assert [record.entity for record in records] == [pod[:1024]] or problems


def test_shipped_expressions_are_in_the_syntax() -> None:
    for name in names():
        load_mapping(name)
    kapacitor = load_mapping("kapacitor")
    for key, expected in (("cpu:host=a", "cpu:host=a"), ("12x", "12x"), ("12", "the message"), ("x", "x")):
        payload = {"id": key, "message": "the message", "level": "CRITICAL", "data": {}}
        records, _ = kapacitor.apply(payload, {}, None, 1.0)
        assert [record.name for record in records] == [expected]


@pytest.mark.parametrize(
    ("said", "kept"), [("np", None), ("n", "n"), ("npm fails", "npm fails"), ("not np", "not np"), ("up", "up")]
)
def test_a_placeholder_of_scom_is_no_message(said: str, kept: str | None) -> None:
    found = compile_spec(Term(path="said", match=r"^(?:[^n].*|n$|n[^p].*|np.+)"), {})
    assert found(Scope({"said": said}, {}, {}, None)) == kept
    assert "^(?:[^n].*|n$|n[^p].*|np.+)" in (SHIPPED / "scom.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("kind: Mapping", r"missing required field"),
        ("apiVersion: aiops/v1\nkind: Mapping\nname: x\nsummary: s\nrules: [{nmae: a}]", r"nmae.*\$\.rules\[0\]"),
        ("apiVersion: aiops/v1\nkind: Mapping\nname: ../x\nsummary: s\nrules: [{name: a}]", r"\$\.name"),
        ("apiVersion: aiops/v1\nkind: Mapping\nname: x\nsummary: s\nrules: []", r"\$\.rules"),
        (
            "apiVersion: aiops/v1\nkind: Mapping\nname: x\nsummary: s\nrules: [{when: [{path: a}]}]",
            "expected is, matches",
        ),
        ("a: [", "line"),
        ("!!python/object/apply:os.system ['true']", "python"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(tmp_path: Path, body: str, said: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(body)
    with pytest.raises(UsageError, match=said) as caught:
        load_mapping(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("name", ["nothing", "../mapping", "/etc/passwd"])
def test_an_unknown_name_lists_what_there_is(name: str) -> None:
    with pytest.raises(UsageError, match="alertmanager"):
        load_mapping(name)


def test_an_own_mapping_makes_metrics(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "apiVersion: aiops/v1\nkind: Mapping\nname: own\nsummary: s\n"
        "rules: [{record: metric, items: samples, name: n, entity: e, value: v, ts: t}]\n"
    )
    rows = [{"n": "cpu", "e": "web", "v": "0.5", "t": 10}, {"n": "cpu", "e": "web", "v": "NaN"}, {"n": "cpu", "v": 1}]
    records, problems = load_mapping(file).apply({"samples": rows}, {}, None, 20.0)
    assert [(r.ts, r.entity, r.value) for r in records] == [(10.0, "web", 0.5)]  # type: ignore[union-attr]
    assert [p.place for p in problems] == ["$.samples[1]", "$.samples[2]"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1772359200, 1772359200.0),
        (1772359200000, 1772359200.0),
        ("1772359200000000", 1772359200.0),
        (1772359200000000000, 1772359200.0),
        ("2026-03-01T10:00:00Z", 1772359200.0),
        ("2026-03-01T11:00:00+0100", 1772359200.0),
        ("2026-03-01 10:00:00", 1772359200.0),
        ("2026-03-01 10:00:00 UTC", 1772359200.0),
        ("2026-03-01 11:00:00 +0100", 1772359200.0),
        ("2026-03-01 10:00:00 later", None),
        ("0001-01-01T00:00:00Z", None),
        (0, None),
        (-5, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (-(10**400), None),
        ("Never", None),
        ("9" * 400, None),
        (True, None),
        (None, None),
        ({}, None),
    ],
)
def test_times(value: Any, expected: float | None) -> None:
    assert parse_time(value) == expected


def test_a_lone_surrogate_does_not_survive() -> None:
    assert text("a\ud800b") == "a?b"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_value_breaks_a_path_or_a_time(value: Any) -> None:
    for path in ("a.b", "a[0].b", "a[*].b", "a[b=c].d", "."):
        compile_path(path)(scope(value))
        compile_path(path)(scope({"a": value}))
    parse_time(value, ["%d.%m.%Y"])
    text(value)
