"""Two revisions side by side: measured in turn on this machine, or from two files of results.

In turn: the older revision is checked out into a directory of its own, the benchmark's code is this one for both, and
the repeats alternate (old new, new old, …), so that what else the machine does hits both. A ratio below 1 is faster.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field

from benchmarks.data import data_folder
from benchmarks.machine import ROOT, revision
from benchmarks.throughput.cost import Cost
from benchmarks.throughput.load import Load
from benchmarks.throughput.quality import Quality
from benchmarks.throughput.results import Results, measured, say

# That all pairs agree by chance has odds of 1 in 2^(pairs - 1): with fewer than five it says nothing.
MIN_PAIRS = 5


class Pairs(Struct):
    """One load: the fold's µs an alert of each repeat; `same` says whether both decide the same, None if unknown."""

    name: str
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    same: bool | None = None

    def ratios(self) -> list[float]:
        """After to before, repeat by repeat."""
        return [new / old for old, new in zip(self.before, self.after, strict=True)]

    def noise(self) -> float:
        """How far a repeat lies from the median of its own revision, the mean over all; 0 with a single repeat.

        >>> Pairs("x", [10.0, 11.0, 10.0], [5.0, 5.0, 5.5]).noise()
        0.03333...
        """
        off = []
        for times in (self.before, self.after):
            middle = statistics.median(times)
            off += [abs(each / middle - 1) for each in times]
        return statistics.fmean(off)

    def verdict(self) -> str:
        """`faster` or `slower` where five pairs and more agree and the median is further from 1 than the noise.

        >>> Pairs("x", [10.0, 11.0, 10.0, 10.2, 10.1], [5.0, 5.0, 5.5, 5.1, 5.0]).verdict()
        'faster'
        >>> Pairs("x", [10.0, 11.0, 10.0, 10.2, 10.1], [10.1, 10.5, 10.2, 10.1, 10.3]).verdict()
        'no difference shown'
        """
        ratios = self.ratios()
        if len(ratios) >= MIN_PAIRS and abs(statistics.median(ratios) - 1) > self.noise():
            if all(ratio < 1 for ratio in ratios):
                return "faster"
            if all(ratio > 1 for ratio in ratios):
                return "slower"
        return "no difference shown"


def table(before: str, after: str, found: Sequence[Pairs]) -> str:
    """The pairs as Markdown."""
    lines = [
        f"The fold's CPU in µs an alert, {before} and {after}, medians; ratio of each pair of repeats (below 1 is "
        "faster), noise is how far repeats of one revision lie from their median.",
        "",
        f"| load | {before} | {after} | ratio | lowest | highest | noise | | decisions |",
        "|---" * 9 + "|",
    ]
    for each in found:
        ratios = each.ratios()
        same = {True: "the same", False: "differ", None: ""}[each.same]
        lines.append(
            f"| {each.name} | {statistics.median(each.before):.2f} | {statistics.median(each.after):.2f} "
            f"| {statistics.median(ratios):.3f} | {min(ratios):.3f} | {max(ratios):.3f} | {each.noise():.1%} "
            f"| {each.verdict()} | {same} |"
        )
    return "\n".join(lines)


def from_files(before: Results, after: Results) -> list[Pairs]:
    """The loads that both have; times are scaled by the label grouping's, which is the same code in both."""
    old = {row.name: row for row in before.rows}
    found = []
    for row in after.rows:
        if row.name not in old or row.alerts != old[row.name].alerts:
            continue
        one = old[row.name]
        count = min(len(one.costs), len(row.costs))
        speed = one.cost("label_grouping") / row.cost("label_grouping")
        pairs = Pairs(row.name, [c.fold for c in one.costs[:count]], [c.fold * speed for c in row.costs[:count]])
        if one.quality is not None and row.quality is not None:
            pairs.same = one.quality.digest == row.quality.digest
        found.append(pairs)
    return found


def in_turn(commit: str, loads: Sequence[Load], repeats: int, scale: float) -> list[Pairs]:
    """Measure `commit` and this checkout; raise `RuntimeError` where `commit` cannot be checked out or measured."""
    found = []
    with _checkout(commit) as (old, new):
        for load in loads:
            pairs = Pairs(load.name)
            for repeat in range(repeats):
                turns = [(pairs.before, old), (pairs.after, new)]
                for times, env in turns if repeat % 2 == 0 else reversed(turns):
                    cost = measured("cost", load, scale, Cost, env)
                    if cost.alerts:
                        times.append(cost.fold)
            if pairs.before and pairs.after:
                digests = [measured("quality", load, scale, Quality, env).digest for env in (old, new)]
                pairs.same = digests[0] == digests[1]
                found.append(pairs)
                say(f"{load.name}: {statistics.median(pairs.ratios()):.3f} ({pairs.verdict()})")
    return found


@contextmanager
def _checkout(commit: str) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """The environments in which processes import the product of `commit`, and of this checkout."""
    with tempfile.TemporaryDirectory(prefix="aiops-compare-") as directory:
        tree, code = Path(directory) / "tree", Path(directory) / "code"
        _git("worktree", "add", "--detach", str(tree), commit)
        try:
            code.mkdir()
            (code / "benchmarks").symlink_to(ROOT / "benchmarks", target_is_directory=True)
            yield _environment(code, tree), _environment(code, ROOT)
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*words: str) -> None:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git {' '.join(words[:2])}: {done.stderr.strip()}")


def _environment(code: Path, tree: Path) -> dict[str, str]:
    """The benchmarks of here with the product of there; checked, lest a wrong path compare a tree with itself."""
    paths = (code, tree, tree / "connectors", tree / "models")
    # The working directory must not come first: it holds a product, too.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONSAFEPATH": "1"}
    folder = data_folder()
    if folder is not None:
        env["AIOPS_DATA"] = str(folder)
    script = "import aiops, aiops_models; print(aiops.__file__); print(aiops_models.__file__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env)
    for path in done.stdout.split():
        if not Path(path).resolve().is_relative_to(tree.resolve()):
            raise RuntimeError(f"{path}: expected the product from {tree}")
    return env


def name_of(commit: str) -> str:
    """The short name of a commit; raise `RuntimeError` where there is none."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "--verify", "--quiet", f"{commit}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{commit}: expected a commit of this repository, or two files of results")
    return done.stdout.strip()


def here() -> str:
    """The name of this checkout."""
    return revision(ROOT)
