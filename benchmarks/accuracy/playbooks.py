"""Playbooks and runbooks: how often the right one is suggested, how often nothing is, and what it costs.

`python -m benchmarks.accuracy.playbooks` prints retrieval of real runbooks with the alert's name masked from both sides
(naive BM25 beside ours), what the threshold for abstaining does, how much of a corpus of real alert rules the shipped
catalogue speaks to, injected Kubernetes faults against the catalogue, and the time a suggestion takes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from aiops_models.playbooks import PlaybookSuggester
from aiops_models.playbooks.library import runbook_index
from aiops_models.playbooks.suggester import MIN_COVERAGE, MIN_WORDS
from aiops_models.retrieval import Bm25
from rich.table import Table

from aiops.ports import AlertFact, IncidentView
from aiops.records import parse_severity
from aiops.respond.runbooks import Runbook
from aiops.topology import Topology
from benchmarks.accuracy.causes_data import PLACES, System, systems
from benchmarks.accuracy.playbooks_k8s import no_cause, ranker, shares, suggested, true_cause
from benchmarks.accuracy.runbooks_data import Query, load, read, recall
from benchmarks.data import available
from benchmarks.tables import Tables, parser

RUNBOOKS = ("runbooks/docs.jsonl.gz", "runbooks/queries.jsonl.gz", "runbooks/rules.jsonl.gz")
KINDS = ("name-match", "same-page")
BARS = {"name-match": (0.75, 0.92), "same-page": (0.25, 0.50)}
PUBLISHED = {"name-match": (0.680, 0.873), "same-page": (0.151, 0.346)}


def main() -> int:
    """Print the tables; 0 also without data, which is told in one line."""
    options = parser(__doc__).parse_args()
    root = available([*RUNBOOKS, f"{PLACES['k8s boutique']}/incidents.jsonl.gz"])
    if root is None:
        return 0
    tables = Tables()
    if all((root / name).exists() for name in RUNBOOKS[:2]):
        books, texts, queries = load(root / "runbooks")
        tables.show(retrieval_table(books, texts, queries))
        tables.show(threshold_table(books, queries))
    if (root / RUNBOOKS[2]).exists():
        tables.show(rules_table(root / "runbooks"))
    for system in systems(root, ["k8s boutique"]):
        tables.show(faults_table(system))
    tables.write(options.json)
    return 0


def retrieval_table(books: list[Runbook], texts: list[str], queries: list[Query]) -> Table:
    """Recall@1 / @5, masked, of naive BM25 and ours."""
    title = f"runbooks, {len(books):,} documents, {len(queries)} alerts, names masked: recall@1 / @5"
    table = Table("", *KINDS, title=title, title_justify="left")
    table.add_row("reference BM25 (as published with the data)", *(_pair(*PUBLISHED[kind]) for kind in KINDS))
    naive, ours = _naive(texts), _ours(books)
    for label, rank in (("naive BM25, summary and description", naive), ("ours", ours)):
        table.add_row(label, *(_pair(*_recalls(rank, queries, kind)) for kind in KINDS))
    halves = [queries[half::2] for half in (0, 1)]
    for number, half in enumerate(halves, 1):
        table.add_row(f"ours, half {number} of the alerts", *(_pair(*_recalls(ours, half, kind)) for kind in KINDS))
    table.add_row("to reach", *(_pair(*BARS[kind]) for kind in KINDS))
    return table


def threshold_table(books: list[Runbook], queries: list[Query]) -> Table:
    """What abstaining below a share of the words does: how many alerts are answered, and how many answers are right."""
    index = runbook_index(books)
    best = []
    for query in queries:
        words = query.words()
        number = index.best(words, 1)[0][0]
        share, count = index.coverage(words, number)
        best.append((share if count >= MIN_WORDS else 0.0, number in query.relevant))
    table = Table("share of the words", "answered", "right", title="abstaining, names masked", title_justify="left")
    for limit in sorted({0.0, 0.2, 0.3, 0.5, 0.6, 0.7, MIN_COVERAGE}):
        kept = [right for share, right in best if share >= limit]
        mark = " (used)" if limit == MIN_COVERAGE else ""
        right = sum(kept) / len(kept) if kept else 0.0
        table.add_row(f"{limit:.2f}{mark}", f"{len(kept) / len(best):.2f}", f"{right:.2f}")
    return table


def rules_table(folder: Path) -> Table:
    """How much of a corpus of real rules the catalogue speaks to, and how long one suggestion takes."""
    suggester = PlaybookSuggester(Topology())
    rules = read(folder / "rules.jsonl.gz")
    conditions = texts = 0
    took = []
    for number, rule in enumerate(rules):
        severity = int(parse_severity(rule["severity"]))
        message = f"{rule['summary']} {rule['description']}"
        fact = AlertFact("entity", rule["alert"], severity, 1, 0.0, 0.0, message=message)
        view = IncidentView(str(number), 0.0, [fact], severity=severity)
        begun = time.process_time()
        found = suggester.suggest(view)
        took.append(time.process_time() - begun)
        by_condition = bool(found) and any(evidence.name == "alerts" for evidence in found[0].evidence)
        conditions += by_condition
        texts += bool(found) and not by_condition
    table = Table(
        "of the rules", "share", title=f"shipped catalogue, {len(rules):,} real alert rules", title_justify="left"
    )
    table.add_row("a playbook's conditions fit", f"{conditions / len(rules):.2f}")
    table.add_row("only a playbook's text is alike", f"{texts / len(rules):.2f}")
    table.add_row("nothing is suggested", f"{1 - (conditions + texts) / len(rules):.2f}")
    table.add_row("CPU time, never seen text, p50 / p99", _times(took))
    return table


def faults_table(system: System) -> Table:
    """Injected faults: an acceptable playbook first, or among the five, and the CPU time each took."""
    title = f"{system.name}, {len(system.cases)} injected faults: recall@1 / @5 (see playbooks_k8s.py for what counts)"
    table = Table("", "recall", title=title, title_justify="left")
    constant = [["pod-unschedulable", "image-pull-failure", "service-no-endpoints"] for _ in system.cases]
    table.add_row("naive: the most frequent ones, always", _pair(*shares(constant, system.cases)))
    rows = (
        ("no cause known", no_cause),
        ("cause ranked, unlabelled history", ranker(system)),
        ("true cause", true_cause),
    )
    for label, causes in rows:
        begun = time.process_time()
        found = suggested(system, causes)
        spent = (time.process_time() - begun) / len(system.cases)
        table.add_row(f"{label} ({spent * 1e3:.2f} ms each, ranking included)", _pair(*shares(found, system.cases)))
    return table


def _recalls(rank: Callable[[Query], list[int]], queries: Sequence[Query], kind: str) -> tuple[float, float]:
    chosen = [query for query in queries if query.kind == kind]
    found = [rank(query) for query in chosen]
    return recall(found, chosen, 1), recall(found, chosen, 5)


def _ours(books: list[Runbook]) -> Callable[[Query], list[int]]:
    index = runbook_index(books)
    return lambda query: [number for number, _ in index.best(query.words(), 5)]


def _naive(texts: list[str]) -> Callable[[Query], list[int]]:
    """Words as they stand, no stems, no splitting, no weights: what a search library does out of the box."""
    index = Bm25([{"text": _plain(text)} for text in texts], {"text": 1.0}, 1.2, 0.75, split=str.split)

    def rank(query: Query) -> list[int]:
        words = dict.fromkeys(_plain(" ".join(query.said)).split(), 1.0)
        return [number for number, _ in index.best(words, 5)]

    return rank


def _plain(text: str) -> str:
    return " ".join(word.lower() for word in re.findall(r"[A-Za-z0-9]+", text))


def _pair(first: float, fifth: float) -> str:
    return f"{first:.3f} / {fifth:.3f}"


def _times(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2] * 1e3:.2f} / {ordered[int(len(ordered) * 0.99)] * 1e3:.2f} ms"


if __name__ == "__main__":
    raise SystemExit(main())
