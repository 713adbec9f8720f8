"""Paths: the parts of the language that read one value, and what is refused as a path."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.mapping.origin import Origin
from aiops_connectors.mapping.paths import Scope, compile_path

from aiops.errors import UsageError

ITEM: dict[str, Any] = {
    "a": {"b": {"c": 1}},
    "dots.in": {"x y": 2},
    "list": [{"k": "x", "v": 1}, {"k": "y", "v": 2}],
    "pairs": [["host", "db-1"], ["port", 5432]],
    "text": '{"in": [7]}',
    "oids": {"1.3.6.2": "b", "1.3.6.1": "a"},
    "Alert_Name": "Down",
}
ORIGIN = Origin("PUT", {"env": "prod"}, "alerts")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b.c", 1),
        ("a.b.missing", None),
        ("a.b.c.d", None),
        ('["dots.in"]["x y"]', 2),
        ("list[0].v", 1),
        ("list[-1].v", 2),
        ("list[9].v", None),
        ("list[*].v", [1, 2]),
        ("list[k=y].v", 2),
        ("list[k=z].v", None),
        ("pairs[0=host][1]", "db-1"),
        ("text[json].in[0]", 7),
        ("oids[1.3.6.*]", "a"),
        ("~alertname", "Down"),
        (".", ITEM),
        ("$.root", 3),
        ("@outer.status", "open"),
        ("@headers.X-Tool", "grafana"),
        ("@query.env", "prod"),
        ("@query.other", None),
        ("@method", "PUT"),
        ("@topic", "alerts"),
        ("@key", "k"),
        ("@index", 4),
    ],
)
def test_a_path_reads_its_value(path: str, expected: Any) -> None:
    scope = Scope(ITEM, {"root": 3}, {"x-tool": "grafana"}, "k", 4, {"status": "open"}, ORIGIN)
    assert compile_path(path)(scope) == expected
    # On anything else it is nothing, and never an error.
    others: list[Any] = [None, 1, "x", [], [[]], {}, {"a": None, "list": {}, "pairs": [[]], "text": "{", "oids": []}]
    for other in others:
        compile_path(path)(Scope(other, other, {}, None))


@pytest.mark.parametrize("path", ["a..b", "a[", "a[x", 'a["b', "a b[", "[]"])
def test_a_wrong_path_is_refused_with_its_place(path: str) -> None:
    with pytest.raises(UsageError, match="path"):
        compile_path(path)
