"""How well alerts are grouped, on labelled streams, beside naive rows and the nine-term reference.

    python -m benchmarks.accuracy.grouping [--quick] [--seeds N] [--jobs N] [--network NAME] [--json FILE]

Protocol: pairwise TPR and TNR of each incident, averaged instance → stage → type → macro over the pooled networks; the
area under the sweep of the one knob, without and with background among the pairs; macro F1 is the mean over incidents
(same hierarchy) of the harmonic mean of TPR and TNR, at the default knob (naive rules: at their best, in hindsight).
Overlays: pairwise F1. The order within equal time stamps is drawn anew for each seed (references: the first only);
figures are means over the seeds, `±` is half the range of the widest of areas and F1. `cold`: the engine starts empty
on each network. `warm`: with statistics packed from the other networks only (leave one out). `--quick`: one seed, seven
points, three small networks, without the rows of packing, of the reference and of the other kinds. `--network`: only
these are measured; the others are still known beforehand. Members that leave an ending cluster count where they went.

The engine's statistics do not depend on its clusters, so what lies more than an hour before the first attack is learned
without being clustered. Tasks run in `--jobs` processes; but for the times, the rows are those of one process. Data:
`ait-ads-a` and `microservice-faults` under AIOPS_DATA, else beside the repository.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.accuracy.grouping_data import network_names, overlay_names
from benchmarks.accuracy.grouping_measure import Measured, Result, summary
from benchmarks.accuracy.grouping_overlays import overlay_rows, simulated_rows
from benchmarks.accuracy.grouping_rules import OTHER_RULES, QUICK_RULES, QUICK_SWEEP, RULES, Rule, Task, run, size
from benchmarks.data import available
from benchmarks.page import write
from benchmarks.pool import cores, run_all

Row = dict[str, Any]
KINDS = ("simul-attacks", "original", "more-noise-11")
NEEDED = (*(f"ait-ads-a/{kind}.*" for kind in KINDS), "microservice-faults/*/overlay-*")
# Together an eighth of all alerts of the six.
QUICK_NETWORKS = ("train-0", "train-1", "val-1")


def network_rows(root: Path, kind: str, rules: Sequence[Rule], options: argparse.Namespace) -> list[Row]:
    """The rows of one kind: all networks pooled, each part of the split, and each network alone."""
    known = [name for name in network_names(root, kind) if not options.quick or name in QUICK_NETWORKS]
    names = [name for name in known if not options.network or name in options.network]
    tasks = [_task(root, kind, rule, name, known, options) for rule in rules for name in names]
    found = run_all(run, tasks, options.jobs, size)
    out: list[Row] = []
    for rule in rules:
        mine = [seeds for task, seeds in zip(tasks, found, strict=True) if task.rule == rule.name]
        # One dict a seed, with the points of all networks.
        seeds = [{key: point for each in parts for key, point in each.items()} for parts in zip(*mine, strict=True)]
        out += [pooled(kind, rule, seeds, label, chosen) for label, chosen in groups(names) if seeds]
    return out


def _task(root: Path, kind: str, rule: Rule, name: str, known: Sequence[str], options: argparse.Namespace) -> Task:
    others = tuple(other for other in known if other != name)
    knobs = QUICK_SWEEP if options.quick and rule.knobs[0] == QUICK_SWEEP[0] else rule.knobs
    return Task(rule.name, root, kind, name, others, options.seeds if rule.ordered else 1, knobs)


def groups(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """What figures are pooled over: all, the parts of the split, each network alone.

    >>> [label for label, _ in groups(["train-0", "train-1", "val-0"])]
    ['all', 'train', 'val', 'train-0', 'train-1', 'val-0']
    """
    parts = sorted({name.rpartition("-")[0] for name in names} - {""})
    split = [(part, [name for name in names if name.rpartition("-")[0] == part]) for part in parts]
    return [("all", list(names)), *split, *((name, [name]) for name in names)]


def pooled(kind: str, rule: Rule, seeds: Sequence[Measured], label: str, names: Sequence[str]) -> Row:
    """One row, printed: means over the seeds, at the rule's default or at its best knob in hindsight."""
    knobs = (rule.default,) if rule.default is not None else rule.knobs
    tried = {knob: [summary(seed, names, knob) for seed in seeds] for knob in knobs}
    knob = max(tried, key=lambda each: sum(result.f1 for result in tried[each]))
    means = Result(*(sum(values) / len(seeds) for values in zip(*tried[knob], strict=True)))
    spread = max((max(values) - min(values)) / 2 for values in list(zip(*tried[knob], strict=True))[:3])
    cost = f"{means.mean_us:6.1f} {means.p99_us:6.1f}" if means.mean_us else ""
    shares = f"{means.f1:.3f} ({means.tpr:.2f}/{means.tnr:.2f}) ±{spread:.3f}"
    print(f"{rule.name:48} {label:8} {means.area:.3f} {means.area_background:.3f}   {shares} {cost}", flush=True)
    row = {"table": kind, "row": rule.name, "networks": label, "knob": knob, "orders": len(seeds), "spread": spread}
    return {**row, **{name: round(value, 6) for name, value in means._asdict().items()}}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.accuracy.grouping", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one order, three small networks, fewer rows")
    parser.add_argument("--seeds", type=int, default=3, help="orders within equal time stamps; default 3")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes; default one a core")
    parser.add_argument("--network", action="append", default=[], help="only this network (train-0 …); repeatable")
    parser.add_argument("--json", type=Path, help="write the rows as JSON")
    options = parser.parse_args()
    if options.seeds < 1 or options.jobs < 1:
        parser.error("--seeds and --jobs: expected at least 1")
    options.seeds = 1 if options.quick else options.seeds
    return options


def main() -> int:
    """Print the tables; exit code 0 also where the data is absent."""
    options = _options()
    root = available(NEEDED)
    if root is None:
        return 0
    found = overlay_rows(root, overlay_names(root), options.seeds, options.jobs) + simulated_rows(options.jobs)
    for kind in KINDS[:1] if options.quick else KINDS:
        if network_names(root, kind):
            print(f"\n{kind:48} {'':8} area  +backgr.  F1 (TPR/TNR) at the default    µs: mean  p99")
            rules = OTHER_RULES if kind != KINDS[0] else QUICK_RULES if options.quick else RULES
            found += network_rows(root, kind, rules, options)
    if options.json:
        write(options.json, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
