"""Compile the engine's inner loop beside its sources in a checkout: the same decisions in less time.

    python -m aiops.compile [--remove]

A convenience for benchmarks and profiles. What is compiled, and how, is declared once, in pyproject.toml, as the hook
`mypyc` of hatch; `make wheel` builds an installable wheel with the same hook. A compiled module goes before its source,
so compile again, or remove it, after the source changed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
# What hatch reads of a checkout before it runs the hook.
READ = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "aiops", "playbooks")
# hatch runs the hook only where this is set: the pure wheel needs no compiler.
ENABLE = {"HATCH_BUILD_HOOK_ENABLE_MYPYC": "true"}


def hook(root: Path = ROOT) -> dict[str, object]:
    """Return the hook's table of a checkout's pyproject.toml."""
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    found: dict[str, object] = wheel["hooks"]["mypyc"]
    return found


def modules(root: Path = ROOT) -> list[str]:
    """Return the paths of the modules to compile, below `root`."""
    included = hook(root)["include"]
    assert isinstance(included, list)
    return [str(each).removeprefix("/") for each in included]


def is_compiled() -> bool:
    """Return true if an import of the engine loads compiled modules."""
    return any(path.name.endswith(tuple(EXTENSION_SUFFIXES)) for path in built())


def built() -> list[Path]:
    """Return the compiled modules beside the sources, and the library that they share."""
    return sorted([*PACKAGE.rglob("*.so"), *ROOT.glob("aiops_engine__mypyc.*.so")])


def is_stale() -> bool:
    """Return true if a compiled module is older than a source of the engine, or has lost its own.

    All sources count: constants and shapes of modules that stay interpreted are compiled in.
    """
    modules = [path for path in built() if PACKAGE in path.parents]
    if not modules:
        return False
    oldest = min(path.stat().st_mtime for path in modules)
    orphans = any(not path.with_name(path.name.partition(".")[0] + ".py").exists() for path in modules)
    return orphans or any(path.stat().st_mtime > oldest for path in PACKAGE.glob("engine/**/*.py"))


def remove() -> None:
    """Remove the compiled modules; the sources count again."""
    for path in built():
        path.unlink()


def compile_in_place() -> None:
    """Compile the modules beside their sources; raise `CalledProcessError` without the tools for it.

    It works in a copy: the hook moves pyproject.toml away meanwhile, and leaves half of its output if it is stopped.
    """
    began = time.time()
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch)
        for name in READ:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, tree / name)
        for path in tree.rglob("*.so"):
            path.unlink()
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--hooks-only"]
        subprocess.run(
            command, cwd=tree, env=os.environ | ENABLE, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        remove()
        for path in sorted(tree.rglob("*.so")):
            target = ROOT / path.relative_to(tree)
            shutil.copyfile(path, target)
            # A source that changed meanwhile is younger than what was made of its copy.
            os.utime(target, (began, began))


def main(arguments: list[str]) -> int:
    """Compile or remove; 0 also where there are no tools for it, with the reason on one line."""
    if "--remove" in arguments:
        remove()
        return 0
    if not (ROOT / "pyproject.toml").is_file():
        print("aiops.compile: not in a checkout; install a compiled wheel (make wheel builds it)")
        return 1
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    if shutil.which(shlex.split(compiler)[0]) is None:
        # mypyc would find out after a minute.
        print(f"not compiled, the engine is interpreted: there is no C compiler {compiler}")
        return 0
    try:
        compile_in_place()
    except subprocess.CalledProcessError as error:
        print(f"not compiled, the engine is interpreted: {reason(error.stdout)}")
    else:
        print(f"compiled {len(modules())} modules of the engine")
    return 0


def reason(output: bytes) -> str:
    """Return the line of a build's output that names the problem."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    named = [line for line in lines if "error" in line.lower()]
    return (named or lines or ["no output"])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
