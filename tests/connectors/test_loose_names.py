"""`~name`: a field whatever its case and separators."""

from __future__ import annotations

import pytest
from aiops_connectors.mapping.expressions import Scope, compile_path
from aiops_connectors.mapping.loose_names import folded, loose


def got(path: str, item: object) -> object:
    return compile_path(path)(Scope(item, item, {}, None))


@pytest.mark.parametrize("key", ["alert_name", "AlertName", "alertName", "ALERT-NAME", "alert name", "alert.name"])
def test_a_loose_name_reads_every_spelling(key: str) -> None:
    assert got("~alertname", {"x": 1, key: "Down"}) == "Down"
    assert got("~alert_name", {"x": 1, key: "Down"}) == "Down"
    assert got("data.~AlertName", {"data": {key: "Down"}}) == "Down"
    assert got("~data.~alert_name", {"Data": {key: "Down"}}) == "Down"


def test_an_exact_name_wins_and_others_are_none() -> None:
    assert got("~name", {"Name": 1, "name": 2}) == 2
    assert got("~name", {"names": 1}) is None
    assert got("~name", ["name"]) is None
    assert got("~name", {f"k{number}": 1 for number in range(600)} | {"NAME": 2}) is None


def test_case_and_separators_do_not_count() -> None:
    assert folded("Alert_Name") == folded("alert name") == "alertname"
    assert loose({"Alert-Name": 1}, "alert_name", "alertname") == 1
