"""The names of `aiops`: loaded when they are used, and in nobody's way."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import aiops
from aiops import _HOMES

HEAVY = ("matplotlib", "networkx", "numpy", "pandas", "pyod", "sklearn")


def loaded(script: str) -> set[str]:
    """The modules that a fresh Python has loaded after a script."""
    code = f"{script}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


def test_import_loads_nothing_else() -> None:
    assert loaded("import aiops") - loaded("import __future__, importlib") == {"aiops", "aiops.version"}


def test_a_replay_and_a_timeline_load_no_numeric_library() -> None:
    script = (
        "import aiops\n"
        "r = aiops.replay([aiops.Alert(ts=0.0, name='DiskFull', severity='high', entity='db-1')])\n"
        "r.plot_timeline(); r.incident(next(iter(r.report['digest'] and [i.id for i in r._run.incidents])))\n"
        "aiops.Engine().process({'ts': 0, 'name': 'DiskFull'})"
    )
    found = loaded(script)
    assert "aiops.engine.engine" in found
    assert found.isdisjoint(HEAVY)


def test_frames_load_pandas_and_graphs_networkx() -> None:
    script = "import aiops\nr = aiops.replay([{'ts': 0, 'name': 'DiskFull', 'severity': 'high'}])\n"
    frames = loaded(script + "r.incidents")
    assert "pandas" in frames
    assert "networkx" not in frames
    assert "networkx" in loaded(script + "r.plot_graph(r._run.incidents[0])")


@pytest.mark.parametrize("name", sorted(_HOMES))
def test_a_name_is_that_of_its_module(name: str) -> None:
    assert getattr(aiops, name) is getattr(import_module(_HOMES[name]), name)
    assert name in dir(aiops)


def test_all_names_are_offered() -> None:
    assert set(aiops.__all__) == {*_HOMES, "__version__"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'aiops' has no attribute 'reply'"):
        getattr(aiops, "reply")  # noqa: B009 - a type checker knows that it is none


def test_no_name_is_that_of_a_submodule() -> None:
    script = (
        "import aiops.backtest.driver, aiops.cli.replay, aiops.engine, aiops.topology\n"
        "import aiops\n"
        "assert callable(aiops.replay) and isinstance(aiops.Engine, type), aiops.replay"
    )
    assert "aiops.notebook.replaying" in loaded(script)
    for name in _HOMES:
        with pytest.raises(ModuleNotFoundError):
            import_module(f"aiops.{name}")


def test_submodules_are_imported_from_the_package() -> None:
    found = loaded("from aiops import archive, registry")
    assert {"aiops.archive", "aiops.registry"} <= found
