"""The compiled engine decides as the interpreted one, and each goes on where a snapshot of the other ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aiops.compile import READ, modules
from benchmarks.throughput.compiled_rooms import with_list

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

# Folds a simulated site in three legs: straight on, and once more from the snapshot that another process left.
FOLD = """
import hashlib, json, sys
from pathlib import Path
import msgspec
from aiops.compile import is_compiled, is_stale
from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.records import Alert
from aiops.simulate import Options, simulate
from aiops.topology import Topology

mine, other = Path(sys.argv[1]), Path(sys.argv[2])
run = simulate(Options(seed=5, services=30, faults=6, hours=8.0))
half = len(run.records) // 2
# The snapshot stands in a storm, whose cluster keeps more than others do.
at = run.records[half - 1].ts
storm = [Alert(ts=at + 0.5 * n, name=f"Odd{n}", entity=f"odd-{n}", severity="critical") for n in range(400)]
records = run.records[:half] + storm + [each for each in run.records[half:] if each.ts >= storm[-1].ts]
half += len(storm)

def digest(events):
    return hashlib.sha256(msgspec.json.encode(events)).hexdigest()

engine = Engine(EngineConfig(), run.topology)
before = engine.step(records[:half])
assert any(cluster.storm is not None for cluster in engine.clusters.by_number.values())
mine.write_bytes(engine.snapshot())
after = engine.step(records[half:]) + engine.finish()
told = {"compiled": is_compiled(), "stale": is_stale(), "before": digest(before), "after": digest(after),
        "end": hashlib.sha256(engine.snapshot()).hexdigest(), "alerts": engine.pipeline.alerts}
if other.exists():
    engine = Engine(EngineConfig(), run.topology)
    engine.restore(other.read_bytes())
    told["went_on"] = digest(engine.step(records[half:]) + engine.finish())
    told["same_snapshot"] = other.read_bytes() == mine.read_bytes()
print(json.dumps(told))
"""


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(tree / part) for part in (".", "connectors", "models"))
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=1_500
    )


def fold(tree: Path, mine: Path, other: Path) -> dict[str, object]:
    done = run(tree, sys.executable, "-c", FOLD, str(mine), str(other))
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, object] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A copy of the package that is interpreted, and one that is compiled."""
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("no C compiler: the engine can only be interpreted here")
    plain, compiled = (tmp_path_factory.mktemp(name) for name in ("plain", "compiled"))
    for tree in (plain, compiled):
        for part in (*READ, "connectors", "models"):
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, tree / part)
        for path in tree.rglob("*.so"):
            path.unlink()
    # Unoptimised: a fifth of the time, and the assertions of the generated code are on. The wheel's test optimises.
    project = compiled / "pyproject.toml"
    assert 'opt_level = "3"' in project.read_text()
    project.write_text(project.read_text().replace('opt_level = "3"', 'opt_level = "0"'))
    done = run(compiled, sys.executable, "-m", "aiops.compile")
    assert done.stdout == f"compiled {len(modules())} modules of the engine\n", done.stdout + done.stderr[-2000:]
    return plain, compiled


def test_decisions_and_snapshots_are_those_of_the_interpreted_engine(trees: tuple[Path, Path], tmp_path: Path) -> None:
    plain, compiled = trees
    first = fold(plain, tmp_path / "plain.snapshot", tmp_path / "none")
    second = fold(compiled, tmp_path / "compiled.snapshot", tmp_path / "plain.snapshot")
    third = fold(plain, tmp_path / "plain.snapshot", tmp_path / "compiled.snapshot")
    assert (first["compiled"], second["compiled"], third["compiled"]) == (False, True, False)
    assert isinstance(first["alerts"], int)
    assert first["alerts"] > 1000
    for key in ("before", "after", "end"):
        assert first[key] == second[key] == third[key]
    assert second["went_on"] == third["went_on"] == first["after"]
    assert second["same_snapshot"] is third["same_snapshot"] is True


def test_a_compiled_engine_that_is_older_than_a_source_is_stale_and_can_be_removed(trees: tuple[Path, Path]) -> None:
    _, compiled = trees
    question = "from aiops.compile import is_compiled, is_stale; print(is_compiled(), is_stale())"
    engine = compiled / "aiops" / "engine"

    def answer() -> list[str]:
        return run(compiled, sys.executable, "-c", question).stdout.split()

    assert answer() == ["True", "False"]
    # A module whose source was renamed would still be imported.
    source = compiled / modules()[0]
    source.rename(source.with_suffix(".moved"))
    assert answer() == ["True", "True"]
    source.with_suffix(".moved").rename(source)
    assert answer() == ["True", "False"]
    # Also one that stays interpreted: its constants are compiled in.
    (engine / "config.py").touch()
    assert answer() == ["True", "True"]
    assert run(compiled, sys.executable, "-m", "aiops.compile", "--remove").returncode == 0
    assert answer() == ["False", "False"]


@pytest.mark.parametrize("lacking", ["hatch_mypyc", "compiler"])
def test_without_tools_the_engine_stays_interpreted(trees: tuple[Path, Path], tmp_path: Path, lacking: str) -> None:
    plain, _ = trees
    path = os.pathsep.join([str(tmp_path), str(plain)])
    if lacking == "hatch_mypyc":
        (tmp_path / "hatch_mypyc.py").write_text("raise ImportError('no hatch_mypyc here')")
    # One module is enough to miss the compiler.
    project = plain / "pyproject.toml"
    project.write_text(with_list(project.read_text(), modules()[:1]))
    environment = {**os.environ, "PYTHONPATH": path} | ({"CC": "/nowhere/cc"} if lacking == "compiler" else {})
    code = "from aiops.compile import is_compiled, main\nprint(main([]), is_compiled())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=plain, env=environment, capture_output=True, text=True, check=True
    )
    first, last = done.stdout.splitlines()
    assert first.startswith("not compiled, the engine is interpreted: ")
    assert ("no hatch_mypyc here" if lacking == "hatch_mypyc" else "/nowhere/cc") in first
    assert last == "0 False"
