"""Playbooks and runbooks: how often the right one is suggested, how often nothing is, and what it costs.

`python -m benchmarks.accuracy.playbooks` prints retrieval of real runbooks with the alert's name masked from both sides
(naive BM25 beside ours, by publisher, and with the links of other rules), what the threshold for abstaining does, how
much of a corpus of real alert rules the shipped catalogue speaks to, injected Kubernetes faults against the catalogue,
and the time a suggestion takes. `--coverage` prints only the rules that a playbook fits, in a half that conditions were
written on and one that was held out.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from aiops_models.playbooks import PlaybookSuggester
from aiops_models.playbooks.linked_rules import LinkedRules, rule_query
from aiops_models.playbooks.runbook_candidates import MIN_COVERAGE, MIN_WORDS
from aiops_models.playbooks.runbook_search import TERSE, RunbookSearch, runbook_text
from aiops_models.retrieval import Bm25
from rich.table import Table

from aiops.topology import Topology
from benchmarks.accuracy.causes_data import PLACES, System, systems
from benchmarks.accuracy.playbooks_coverage import coverage_table, fits, folder_of, sample, view
from benchmarks.accuracy.playbooks_k8s import no_cause, ranker, shares, suggested, true_cause
from benchmarks.accuracy.runbooks_data import GENERATED, HUMAN, Corpus, Query, load, read, recall
from benchmarks.data import available
from benchmarks.tables import Tables, parser

RUNBOOKS = ("runbooks/docs.jsonl.gz", "runbooks/queries.jsonl.gz", "runbooks/rules.jsonl.gz")
KINDS = ("name-match", "same-page", HUMAN, GENERATED)
# What another half of human links is to reach; it is kept back, and BM25 gets .364 / .558 there.
BARS = {"name-match": (0.75, 0.92), "same-page": (0.25, 0.50), HUMAN: (0.55, 0.80)}
PUBLISHED = {"name-match": (0.680, 0.873), "same-page": (0.151, 0.346)}
# The ways of the table by publisher, in the order of `_ways`.
SHORT = ("BM25", "one view", "ours", "own only", "rules", "file out")
Rank = Callable[[Query], list[int]]


def main() -> int:
    """Print the tables; 0 also without data, which is told in one line."""
    options = _options()
    root = available([*RUNBOOKS, f"{PLACES['k8s boutique']}/incidents.jsonl.gz"])
    if root is None:
        return 0
    tables = Tables()
    if options.coverage:
        _coverage(root / RUNBOOKS[2], options, tables)
        tables.write(options.json)
        return 0
    if all((root / name).exists() for name in RUNBOOKS[:2]):
        corpus = load(root / "runbooks")
        ways = _ways(corpus)
        tables.show(retrieval_table(corpus, ways))
        tables.show(sources_table(corpus, ways))
        tables.show(threshold_table(corpus))
    if (root / RUNBOOKS[2]).exists():
        tables.show(rules_table(root / "runbooks"))
        tables.show(coverage_table(fits(read(root / RUNBOOKS[2]))))
    for system in systems(root, ["k8s boutique"]):
        tables.show(faults_table(system))
    tables.write(options.json)
    return 0


def _options() -> argparse.Namespace:
    made = parser(__doc__)
    made.add_argument("--coverage", action="store_true", help="only the rules that a playbook fits, by half")
    made.add_argument("--against", metavar="FOLDER", help="with --coverage: the same of another folder of playbooks")
    made.add_argument(
        "--sample", type=int, default=0, metavar="N", help="with --coverage: print N rules of a kind to judge"
    )
    made.add_argument("--seed", type=int, default=21, help="of the sample; default 21")
    return made.parse_args()


def _coverage(file: Path, options: argparse.Namespace, tables: Tables) -> None:
    rules = read(file)
    found = fits(rules)
    before = fits(rules, folder_of(options.against)) if options.against else None
    tables.show(coverage_table(found, before))
    for line in sample(found, before, options.sample, options.seed) if options.sample else ():
        print(line)


def retrieval_table(corpus: Corpus, ways: dict[str, Rank]) -> Table:
    """Recall@1 / @5, masked, of naive BM25 and of ours, step by step."""
    title = f"runbooks, {len(corpus.books):,} documents, {len(corpus.queries)} alerts, names masked: recall@1 / @5"
    table = Table("", *KINDS, title=title, title_justify="left")
    table.add_row(
        "reference BM25 (as published with the data)",
        *(_pair(*PUBLISHED[kind]) if kind in PUBLISHED else "" for kind in KINDS),
    )
    for label, rank in ways.items():
        table.add_row(label, *(_recalls(rank, corpus.queries, kind) for kind in KINDS))
    table.add_row("to reach", *(_pair(*BARS[kind]) if kind in BARS else "" for kind in KINDS))
    return table


def sources_table(corpus: Corpus, ways: dict[str, Rank]) -> Table:
    """The same by who publishes the alerts. Nothing is fitted, so each publisher is one that was left out."""
    table = Table("publisher", "kind", "alerts", *SHORT, title="by publisher of the alerts", title_justify="left")
    groups: dict[tuple[str, str], list[Query]] = {}
    for query in corpus.queries:
        groups.setdefault((query.source, query.kind), []).append(query)
    for (source, kind), chosen in sorted(groups.items()):
        table.add_row(source, kind, str(len(chosen)), *(_recalls(rank, chosen, kind) for rank in ways.values()))
    return table


def threshold_table(corpus: Corpus) -> Table:
    """What abstaining below a share of the words does: how many alerts are answered, and how many answers are right."""
    search = RunbookSearch(corpus.books)
    best = []
    for query in corpus.queries:
        found = search.best(query.words(), 1)[:1]
        share = found[0].share if found and found[0].words >= MIN_WORDS else 0.0
        best.append((share, bool(found) and found[0].index in query.relevant))
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
        incident = view(rule, number)
        begun = time.process_time()
        found = suggester.suggest(incident)
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


def _ways(corpus: Corpus) -> dict[str, Rank]:
    """The ways of finding a runbook, each on top of the one before, and what they may look at."""
    search = RunbookSearch(corpus.books)
    rules = LinkedRules([(one.rule, one.book) for one in corpus.linked])
    in_file: dict[str, list[str]] = {}
    for one in corpus.linked:
        in_file.setdefault(one.file, []).append(one.rule.name)

    def text(query: Query) -> list[int]:
        return [found.index for found in search.best(query.words(), 5)]

    def own(query: Query) -> list[int]:
        scores = search.scores(query.words())
        publishers = [corpus.sources[index] for index in sorted(query.relevant)]
        inside = [index for index in scores if corpus.sources[index] in publishers]
        return sorted(inside, key=lambda index: (-scores[index], index))[:5]

    def linked(query: Query, left_out: Sequence[str]) -> list[int]:
        near = rules.neighbours(rule_query(query.said, query.expression), left_out)
        extra = {book: neighbour.value for book, neighbour in near.items()}
        return [found.index for found in search.best(query.words(), 5, extra)]

    return {
        "naive BM25, summary and description": _naive(corpus.texts),
        "one view: the whole text, slow saturation": _one_view(corpus),
        "ours, text alone: three views with fields": text,
        "the same, among the publisher's own runbooks": own,
        "ours, with the links of other rules": lambda query: linked(query, [query.alert]),
        "the same, no rule of the alert's file": lambda query: linked(
            query, [query.alert, *in_file.get(query.file, ())]
        ),
    }


def _recalls(rank: Rank, queries: Sequence[Query], kind: str) -> str:
    chosen = [query for query in queries if query.kind == kind]
    if not chosen:
        return ""
    found = [rank(query) for query in chosen]
    return _pair(recall(found, chosen, 1), recall(found, chosen, 5))


def _one_view(corpus: Corpus) -> Rank:
    """BM25 of the whole text with slow saturation and full normalisation, no fields: the suggester of before."""
    index = Bm25([runbook_text(book) for book in corpus.books], {"text": 1.0, "meaning": 1.0}, *TERSE)
    return lambda query: [number for number, _ in index.best(query.words(), 5)]


def _naive(texts: list[str]) -> Rank:
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
