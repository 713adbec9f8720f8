"""The card of a version as Markdown: its decisions, its data, its measures, its limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from aiops.lifecycle.version import Data, Move, Version
from aiops.wording import plural

_DECIDES = {
    "detect": "How unusual an entity's alerts of a minute are, from eight features of its streams.",
    "metric": "When a metric sample opens or closes an alert of its own.",
    "causes": "The order of the suspects of an incident, and what is stated about its certainty.",
    "playbooks": "The playbooks and runbooks that are suggested for an incident.",
    "similar": "The past incidents that are shown as similar.",
    "noise": "If a cluster opens an incident, or stays in the background.",
    "grouping": "Which alerts join one incident, by what people corrected.",
}
_LIMITS = {
    "detect": "It orders entities within this system. A p-value comes from the last 1,024 scores, not from the model.",
    "metric": "It knows the series that it was fitted on.",
    "causes": "Confirmed causes of this system alone. Below five it adds nothing to the fixed evidence.",
    "playbooks": "What was not in the catalogue then is suggested by its text alone.",
    "similar": "It finds what alerts alike, which may have another cause.",
    "noise": "It repeats what the people here marked. An alert that none of them has seen is judged by its shape.",
    "grouping": "It applies to the pairs that people corrected, and to their workloads.",
}
_WORDS = {
    "top1": "first suspect right (top1), or first suggestion",
    "top3": "among the first three (top3)",
    "top5": "among the first five (top5)",
    "log_score": "log of the probability that was stated for what was right (log_score)",
    "saved": "share of other rows found ordinary, -5 for an incident that would be lost (saved)",
    "area": "ROC area of an incident's rows among all others (area)",
    "same_cause1": "most similar incident had the same cause (same_cause1)",
    "same_cause3": "one of the three most similar had (same_cause3)",
}


def card_of(version: Version, moves: Sequence[Move] = ()) -> str:
    """Return the card of a version; `moves` are its own."""
    return "\n".join(_lines(version, moves)) + "\n"


def _lines(version: Version, moves: Sequence[Move]) -> Iterator[str]:
    yield f"# {version.id}"
    yield ""
    what = _DECIDES.get(version.slot, version.slot)
    yield f"**Decides.** {what} Slot `{version.slot}`, algorithm `{version.algorithm}`."
    yield ""
    yield f"**Learned from.** {_data(version.data)}"
    yield ""
    yield f"**Made.** {_time(version.created)} by aiops {version.code or 'of an unknown version'}{_parent(version)}."
    if version.parameters:
        given = ", ".join(f"`{name}` = `{value}`" for name, value in sorted(version.parameters.items()))
        yield f"Parameters: {given}."
    yield ""
    yield from _measures(version)
    yield ""
    yield f"**Verdict.** {_verdict(version)}"
    yield ""
    yield f"**Size.** {version.size:,} characters of JSON; the id is a digest of exactly these."
    yield ""
    yield f"**Limits.** {_LIMITS.get(version.slot, '')}"
    if moves:
        yield ""
        yield "| when | stage | by | reason |"
        yield "|---|---|---|---|"
        for move in moves:
            stage = f"{move.stage} (rollback)" if move.is_rollback else move.stage
            yield f"| {_time(move.at)} | {stage} | {_cell(move.actor)} | {_cell(move.reason)} |"


def _measures(version: Version) -> Iterator[str]:
    metrics = version.metrics
    names = [name.removesuffix("_difference") for name in metrics if name.endswith("_difference")]
    if not names:
        yield "**Measured.** Not on judged outcomes."
        rest = {name: value for name, value in metrics.items() if name != "outcomes"}
        if rest:
            yield "Kept with it: " + ", ".join(f"`{name}` {value:g}" for name, value in sorted(rest.items())) + "."
        return
    count = plural(int(metrics.get("outcomes", 0)), "judged outcome")
    beside = version.incumbent or "what decides without a trained version"
    split = f" after {_time(metrics['split'])}" if metrics.get("split") else ""
    yield f"**Measured** on {count}{split}, trained on what came before, beside {beside}:"
    yield ""
    yield "| measure | this | beside | difference, 95 % interval |"
    yield "|---|---|---|---|"
    for name in names:
        difference = (
            f"{metrics[f'{name}_difference']:+.3f} ({metrics[f'{name}_low']:.3f} to {metrics[f'{name}_high']:.3f})"
        )
        yield f"| {_WORDS.get(name, name)} | {metrics[name]:.3f} | {metrics[f'{name}_incumbent']:.3f} | {difference} |"


def _data(data: Data) -> str:
    if not data.records:
        until = f"Records until {_time(data.until)}" if data.until is not None else "Unknown records"
        return f"{until}; their number and hash were not kept."
    labelled = f", {plural(data.labelled, 'labelled outcome')}" if data.labelled else ""
    between = f"{_time(data.since)} to {_time(data.until)}"
    return (
        f"{plural(data.records, 'record')} of {', '.join(data.sources)}, {between}, with "
        f"{plural(data.confirmed, 'confirmed outcome')}{labelled}. SHA-256 `{data.hash}`."
    )


def _verdict(version: Version) -> str:
    words = {True: "Recommended", False: "Advised against", None: "No recommendation"}
    return f"{words[version.verdict]}: {version.reason or 'it was not measured'}."


def _parent(version: Version) -> str:
    return f", when {version.parent} served" if version.parent else ""


def _time(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC") if at is not None else "an unknown time"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
