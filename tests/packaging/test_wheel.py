"""The wheel is built from the sdist and works in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(each) for each in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    return out


def test_the_wheel_holds_everything_that_the_checkout_has(dist: Path) -> None:
    (wheel,) = dist.glob("aiops_engine-*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (
        ("aiops", "aiops"),
        ("connectors", ""),
        ("models", ""),
        ("playbooks", "aiops/respond/catalogue"),
    ):
        for path in sorted((ROOT / folder).rglob("*")):
            relative = path.relative_to(ROOT / folder)
            if path.is_dir() or "__pycache__" in path.parts or relative.parts[0] == "cards":
                continue
            assert str(Path(inside) / relative) in held, f"{path.relative_to(ROOT)} is not in the wheel"


def test_the_sdist_holds_what_the_tests_and_docs_need(dist: Path) -> None:
    (sdist,) = dist.glob("aiops_engine-*.tar.gz")
    with tarfile.open(sdist) as held:
        names = {name.split("/", 1)[1] for name in held.getnames() if "/" in name}
    assert {"README.md", "LICENSE", "Makefile", "constraints.txt", "CHANGELOG.md"} <= names
    assert not any(name.startswith((".venv", ".git/")) for name in names)


def test_the_wheel_runs_in_its_own_environment(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("aiops_engine-*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--constraint", ROOT / "constraints.txt", wheel, cwd=tmp_path)
    aiops = python.parent / "aiops"
    assert "aiops 0." in run(aiops, "--version", cwd=tmp_path)
    run(aiops, "simulate", "--out", tmp_path / "site", "--services", "6", "--faults", "3", "--hours", "1", cwd=tmp_path)
    command = (aiops, "replay", tmp_path / "site" / "alerts.jsonl", tmp_path / "site" / "incidents.jsonl")
    told = run(*command, "--topology", tmp_path / "site" / "topology.json", "--json", cwd=tmp_path)
    assert '"conserved": true' in told
    assert run(aiops, "playbooks", "list", "--json", cwd=tmp_path).count('"name"') >= 20
