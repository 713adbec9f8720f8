"""The gain of compiling each room of the engine: all rooms compiled, all but one, and none, in turn.

    python -m benchmarks.throughput.compiled_rooms [--rounds N] [--scale X] [--only TEXT] [--without PATTERNS]

A room is a folder of `aiops/engine` with modules in the list of pyproject.toml. Each variant is compiled in a copy of
the tree (a minute or two), then all variants measure each load in turn, round after round, so that other work on the
machine slows all alike. A room is worth compiling if the fold takes at least a tenth longer without it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct, field

from aiops.compile import READ, modules
from benchmarks.data import data_folder
from benchmarks.machine import ROOT, machine
from benchmarks.throughput.cost import Cost

# Repeats and new streams, storms with and without a graph, lone incidents, beginnings and ends, and a whole site.
LOADS = (
    "unique 10^4",
    "repeated, 10^4 entities",
    "lone alerts",
    "storms of 100",
    "storms of 100, fired and resolved",
    "storms of 100, topology",
    "simulated site of 300 services",
)
ALL, NONE = "all", "none"
INCLUDE = re.compile(r"^include = \[\n.*?^\]\n", re.MULTILINE | re.DOTALL)


class Variant(Struct):
    """A tree with some modules compiled; `folds` is the fold's CPU of each load and round, in µs an alert."""

    name: str
    modules: list[str]
    tree: Path = Path()
    folds: dict[str, list[float]] = field(default_factory=dict)


def room(module: str) -> str:
    """Return the folder of a module below the engine, or `engine` for a module of the engine itself.

    >>> room("aiops/engine/dedup/stream.py"), room("aiops/engine/engine.py")
    ('dedup', 'engine')
    """
    return PurePosixPath(module).parent.name


def variants(listed: Sequence[str], patterns: str = "") -> list[Variant]:
    """Return all compiled, all but each room, all but what a pattern (between commas) names, and none.

    >>> [each.name for each in variants(["aiops/engine/engine.py", "aiops/engine/dedup/stream.py"], "*/st*")]
    ['all', 'without dedup', 'without engine', 'without */st*', 'none']
    """
    found = [Variant(ALL, list(listed))]
    for name in sorted({room(each) for each in listed}):
        found.append(Variant(f"without {name}", [each for each in listed if room(each) != name]))
    if patterns:
        left = [each for each in listed if not any(fnmatch(each, pattern) for pattern in patterns.split(","))]
        found.append(Variant(f"without {patterns}", left))
    return [*found, Variant(NONE, [])]


def with_list(text: str, listed: Iterable[str]) -> str:
    """Return the text of pyproject.toml with another list of modules to compile."""
    lines = "".join(f'    "/{each}",\n' for each in listed)
    changed, count = INCLUDE.subn(f"include = [\n{lines}]\n", text)
    assert count == 1, f"pyproject.toml: expected one list of modules to compile (got {count})"
    return changed


def copied(base: Path) -> None:
    """Copy what the variants are made of once: they must be equal, also where someone works on the checkout."""
    base.mkdir()
    for name in (*READ, "connectors", "models", "benchmarks"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, base / name)
    for path in base.rglob("*.so"):
        path.unlink()


def build(variant: Variant, base: Path) -> None:
    """Compile the variant's modules in a copy of the base; raise `CalledProcessError` where that fails."""
    variant.tree = base.with_name(variant.name.replace("/", "_"))
    shutil.copytree(base, variant.tree)
    project = variant.tree / "pyproject.toml"
    project.write_text(with_list(project.read_text(), variant.modules))
    if variant.modules:
        done = run(
            variant, "-c", "from aiops.compile import compile_in_place as c, is_compiled; c(); print(is_compiled())"
        )
        assert done.strip() == b"True", done


def run(variant: Variant, *words: str) -> bytes:
    """Run Python in the variant's tree and return its output."""
    paths = os.pathsep.join(str(variant.tree / part) for part in (".", "connectors", "models"))
    environment = {**os.environ, "PYTHONPATH": paths, "AIOPS_DATA": str(data_folder() or "")}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=variant.tree, env=environment, check=True, stdout=subprocess.PIPE).stdout


def measure(found: Sequence[Variant], loads: Sequence[str], rounds: int, scale: float) -> None:
    """Measure all variants on all loads in turn, every other round in reverse order."""
    for number in range(rounds):
        for load in loads:
            for variant in found if number % 2 == 0 else reversed(found):
                words = ("-m", "benchmarks.throughput.measure", "cost", load, str(scale))
                cost = msgspec.json.decode(run(variant, *words), type=Cost)
                variant.folds.setdefault(load, []).append(cost.fold)
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)


def table(found: Sequence[Variant], loads: Sequence[str]) -> str:
    """Return the ratios to all compiled as Markdown: the least of the rounds, and the geometric mean over the loads."""
    best = {each.name: [min(each.folds[load]) for load in loads] for each in found}
    lines = [f"| compiled | modules | mean | {' | '.join(loads)} |", "|---" * (len(loads) + 3) + "|"]
    for each in found:
        ratios = [mine / base for mine, base in zip(best[each.name], best[ALL], strict=True)]
        figures = " | ".join(f"{ratio:.2f}" for ratio in (statistics.geometric_mean(ratios), *ratios))
        lines.append(f"| {each.name} | {len(each.modules)} | {figures} |")
    lines.append(f"| all, µs an alert | | | {' | '.join(f'{figure:.1f}' for figure in best[ALL])} |")
    return "\n".join(lines)


def main() -> int:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.throughput.compiled_rooms", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often all variants are measured")
    parser.add_argument("--scale", type=float, default=0.2, help="loads so much shorter, up to 1")
    parser.add_argument("--only", default="", help="rooms whose names hold this text")
    parser.add_argument("--without", default="", help="one more variant: without the modules of these patterns")
    options = parser.parse_args()
    listed = [each for each in variants(modules(), options.without) if options.only in each.name or each.name == ALL]
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch) / "base"
        copied(base)
        for variant in listed:
            build(variant, base)
            print(f"built: {variant.name}", file=sys.stderr, flush=True)
        measure(listed, LOADS, options.rounds, options.scale)
    print(f"{machine()}\n\n{table(listed, LOADS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
