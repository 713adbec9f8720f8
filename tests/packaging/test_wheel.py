"""The wheels are built from the sdist, work in an environment of their own, and decide alike."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from aiops.compile import ENABLE, modules

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


def run(*command: str | Path, cwd: Path, more: dict[str, str] | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | (more or {})
    words = [str(each) for each in command]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist and the pure wheel, made without a compiler."""
    out = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT)
    run(*build, cwd=out, more={"CC": "/nowhere/cc"})
    return out


@pytest.fixture(scope="module")
def pure(dist: Path) -> Path:
    (wheel,) = dist.glob("aiops_engine-*-py3-none-any.whl")
    return wheel


@pytest.fixture(scope="module")
def compiled(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("no C compiler: no wheel can be compiled here")
    out = tmp_path_factory.mktemp("compiled")
    (sdist,) = dist.glob("aiops_engine-*.tar.gz")
    with tarfile.open(sdist) as held:
        held.extractall(out / "sdist", filter="data")
    (source,) = (out / "sdist").iterdir()
    # Optimised less than what is published: that takes minutes of a busy machine.
    project = source / "pyproject.toml"
    assert 'opt_level = "3"' in project.read_text()
    project.write_text(project.read_text().replace('opt_level = "3"', 'opt_level = "1"'))
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", out, source, cwd=out, more=ENABLE)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def python(pure: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with the pure wheel and what it needs."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, with_pip=True)
    found = folder / "bin" / "python"
    install(found, "--constraint", ROOT / "constraints.txt", pure)
    return found


def install(python: Path, *what: str | Path) -> None:
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what, cwd=python.parent)
    run(python, "-m", "pip", "--disable-pip-version-check", "check", cwd=python.parent)


def decided(python: Path, site: Path, out: Path) -> tuple[bytes, bytes]:
    """Return decisions and incidents of a replay by an installed program."""
    out.mkdir()
    words = ("replay", site / "alerts.jsonl", "--topology", site / "topology.json")
    files = ("--decisions", out / "decisions.jsonl", "--out", out / "incidents.jsonl")
    run(python.parent / "aiops", *words, *files, cwd=out)
    return (out / "decisions.jsonl").read_bytes(), (out / "incidents.jsonl").read_bytes()


def is_compiled(python: Path) -> bool:
    """Return true if the environment's engine is imported from compiled modules, all of them."""
    names = [each.removesuffix(".py").replace("/", ".") for each in modules()]
    code = f"import importlib\nfor name in {names}: print(importlib.import_module(name).__file__)"
    files = run(python, "-c", code, cwd=python.parent).split()
    assert len(files) == len(names)
    assert all(str(python.parents[1]) in each for each in files)
    endings = {Path(each).suffix for each in files}
    assert len(endings) == 1
    return endings == {".so"}


def test_the_wheel_holds_everything_that_the_checkout_has(pure: Path) -> None:
    held = set(zipfile.ZipFile(pure).namelist())
    for folder, inside in (
        ("aiops", "aiops"),
        ("connectors", ""),
        ("models", ""),
        ("playbooks", "aiops/respond/catalogue"),
    ):
        for path in sorted((ROOT / folder).rglob("*")):
            relative = path.relative_to(ROOT / folder)
            if path.is_dir() or "__pycache__" in path.parts or relative.parts[0] == "cards" or path.suffix == ".so":
                continue
            assert str(Path(inside) / relative) in held, f"{path.relative_to(ROOT)} is not in the wheel"
    assert [name for name in held if name.endswith(".so")] == []


def test_the_compiled_wheel_holds_what_the_pure_one_holds_and_the_compiled_modules(pure: Path, compiled: Path) -> None:
    assert compiled.name.split("-")[2] == f"cp{sys.version_info.major}{sys.version_info.minor}"
    plain, more = (set(zipfile.ZipFile(each).namelist()) for each in (pure, compiled))
    assert plain <= more
    stems = {name.partition(".")[0] for name in more - plain}
    assert stems == {each.removesuffix(".py") for each in modules()} | {"aiops_engine__mypyc"}


def test_the_sdist_holds_what_the_tests_and_docs_need(dist: Path) -> None:
    (sdist,) = dist.glob("aiops_engine-*.tar.gz")
    with tarfile.open(sdist) as held:
        names = {name.split("/", 1)[1] for name in held.getnames() if "/" in name}
    assert {"README.md", "LICENSE", "Makefile", "constraints.txt", "CHANGELOG.md", "hatch_build.py"} <= names
    assert not any(name.startswith((".venv", ".git/")) or name.endswith(".so") for name in names)


def test_the_wheel_runs_in_its_own_environment(python: Path, tmp_path: Path) -> None:
    aiops = python.parent / "aiops"
    assert "aiops 0." in run(aiops, "--version", cwd=tmp_path)
    run(aiops, "simulate", "--out", tmp_path / "site", "--services", "6", "--faults", "3", "--hours", "1", cwd=tmp_path)
    command = (aiops, "replay", tmp_path / "site" / "alerts.jsonl", tmp_path / "site" / "incidents.jsonl")
    told = run(*command, "--topology", tmp_path / "site" / "topology.json", "--json", cwd=tmp_path)
    assert '"conserved": true' in told
    assert run(aiops, "playbooks", "list", "--json", cwd=tmp_path).count('"name"') >= 20


def test_the_compiled_wheel_decides_as_the_pure_one(python: Path, pure: Path, compiled: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    size = ("--services", "30", "--faults", "6", "--hours", "8", "--seed", "5")
    run(python.parent / "aiops", "simulate", "--out", site, *size, cwd=tmp_path)
    assert is_compiled(python) is False
    before = decided(python, site, tmp_path / "pure")
    assert before[0].count(b"\n") > 1000
    # As an upgrade in place, and back: pip leaves nothing of one that would go before the other.
    install(python, "--force-reinstall", "--no-deps", compiled)
    assert is_compiled(python) is True
    assert decided(python, site, tmp_path / "compiled") == before
    install(python, "--force-reinstall", "--no-deps", pure)
    assert is_compiled(python) is False
