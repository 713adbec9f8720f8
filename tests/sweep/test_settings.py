"""Settings of a sweep: all combinations, the current one among them, checked before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.errors import UsageError
from aiops.sweep.settings import Base, settings_of

KEY = "correlate.sensitivity"


def labels(base: Base, *sweeps: str) -> list[str]:
    _, settings = settings_of(base, sweeps)
    return [f"{one.label}{'*' if one.is_current else ''}" for one in settings]


def test_range_marks_the_current_value() -> None:
    assert labels(Base(), f"{KEY}=.3:.7:.2") == ["0.3", "0.5*", "0.7"]


def test_current_value_is_added_in_its_order() -> None:
    assert labels(Base(), f"{KEY}=.1,.9") == ["0.1", "0.5*", "0.9"]
    assert labels(Base(sets=(f"{KEY}=0.95",)), f"{KEY}=.1,.9") == ["0.1", "0.9", "0.95*"]


def test_current_value_comes_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[correlate]\nsensitivity = 0.3\n")
    assert labels(Base(str(tmp_path / "a.toml")), f"{KEY}=.3,.4") == ["0.3*", "0.4"]


def test_combinations_vary_the_last_key_fastest() -> None:
    found = labels(Base(), f"{KEY}=.3,.4", "incidents.storm_incidents=5,6")
    assert found[1:] == ["0.3, 5", "0.3, 6", "0.4, 5", "0.4, 6"]
    assert found[0].startswith("0.5, ")
    assert found[0].endswith("*")


def test_endpoint_of_the_default_policy_can_be_swept() -> None:
    base = Base()
    _, settings = settings_of(base, ["endpoints.pager.min_severity=high,critical"])
    assert [base.load(one).endpoints[0].min_severity for one in settings] == ["warning", "high", "critical"]


def test_severity_that_settles_by_default_has_its_default_as_current_value() -> None:
    assert labels(Base(), "endpoints.pager.settle_s.warning=0,60,300") == ["0", "60*", "300"]


def test_endpoint_of_the_file_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[endpoints]]\nname = "chat"\ntype = "slack"\n')
    base = Base(str(tmp_path / "a.toml"))
    _, settings = settings_of(base, ["endpoints.chat.max_updates=0,20"])
    assert [base.load(one).endpoints[0].max_updates for one in settings] == [0, 20]
    with pytest.raises(UsageError, match="use chat"):
        settings_of(base, ["endpoints.pager.max_updates=0,20"])


@pytest.mark.parametrize(
    ("sweeps", "message"),
    [
        (["correlate.sensitivty=.1,.2"], "did you mean correlate.sensitivity?"),
        (["nothing.at.all=1"], "see `aiops config keys`"),
        ([f"{KEY}=.5:1.5:.5"], f"--sweep {KEY} = 1.0: Expected `float` < 1.0"),
        ([f"{KEY}=high"], f"--sweep {KEY} = high: Expected `float`, got `str`"),
        (["http.port=1,2"], "no replay depends on it"),
        (["endpoints.pager.rate_per_s=1,2"], "a replay delivers nothing"),
        (["endpoints.pager.min_severty=high"], "use min_severity"),
        (["endpoints.pager=high"], "expected endpoints.NAME.KEY"),
        (["endpoints.pager.settle_s=1"], "expected endpoints.NAME.KEY"),
        (["endpoints.pager.min_severity=hihg"], "expected a severity"),
        ([f"{KEY}=.1", f"{KEY}=.2"], "a key twice"),
        ([f"{KEY}=.1:.9:.1", "correlate.idle_s=1:100:1"], "900 combinations, at most 200"),
    ],
)
def test_what_does_not_fit_is_refused(sweeps: list[str], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        settings_of(Base(), sweeps)
    assert message in str(refused.value)


def test_graph_of_the_command_stands_above_the_key() -> None:
    with pytest.raises(UsageError, match="leave --topology out"):
        settings_of(Base(has_topology=True), ["topology=a.json,b.json"])
