"""The tables of a run, made from its JSON."""

from __future__ import annotations

from benchmarks.page import table_of
from benchmarks.throughput import http
from benchmarks.throughput.results import Results, Row


def report(results: Results) -> str:
    """All tables as Markdown."""
    parts = [head(results), cost_table(results), latency_table(results)]
    if any(row.quality for row in results.rows):
        parts.append(quality_table(results))
    if results.servers:
        parts.append(http.table(results.servers))
    return "\n\n".join(parts)


def head(results: Results) -> str:
    """The machine, and which rows were kept from an earlier revision."""
    kept = [f"{row.name} ({row.revision})" for row in results.rows if row.revision]
    return str(results.machine) + (f" Measured at another revision: {', '.join(kept)}." if kept else "")


def cost_table(results: Results) -> str:
    """Processor time, as ratios to the floors too."""
    repeats = max((len(row.costs) for row in results.rows), default=0)
    text = (
        f"CPU in µs an alert, medians of {repeats} repeats; ± is half their range. `decode`, `+ dict` and `label "
        "grouping` are floors on the same alerts in turn: decoding alone, decoding and one update of a dict, grouping "
        "decoded alerts by equal labels. × is the fold's ratio to `+ dict`; growth is the last tenth of a load to the "
        "first. All from decoded alerts on one core, without journal, store and, but for `all models`, ranking."
    )
    head = "| load | alerts | decode | + dict | label grouping | fold | ± | × | alerts/s | growth |"
    rows = [
        f"| {row.name} | {row.alerts:,} | {row.cost('decode'):.2f} | {row.cost('decode_and_dict'):.2f} "
        f"| {row.cost('label_grouping'):.2f} | {row.cost('fold'):.1f} | {row.noise():.0%} "
        f"| {row.cost('fold') / row.cost('decode_and_dict'):.0f} | {1e6 / row.cost('fold'):,.0f} | {row.growth():.2f} |"
        for row in results.rows
    ]
    return table_of(text, head, rows)


def latency_table(results: Results) -> str:
    """Each alert alone, and memory."""
    timed = [(row, row.latency) for row in results.rows if row.latency is not None]
    first = timed[0][1] if timed else None
    setting = (
        f"collector thresholds {first.collector.thresholds}, {first.collector.frozen:,} objects frozen; "
        f"reading the clocks ({first.clocks_us:.2f} µs) is taken off"
        if first
        else ""
    )
    text = (
        f"Each alert timed alone, in µs: processor time of the thread, then the wall's ({setting}). Collections are "
        "those of the young, middle and old generation, pause is the longest of them on the wall's clock. MiB is "
        "resident: before the first alert → the most (after half of the alerts)."
    )
    head = "| load | p50 | p99 | p99.9 | max | wall p50 | wall p99 | wall p99.9 | collections | pause ms | memory MiB |"
    rows = []
    for row, each in timed:
        cpu, wall, collector = each.cpu, each.wall, each.collector
        rows.append(
            f"| {row.name} | {cpu['p50']:.1f} | {cpu['p99']:.0f} | {cpu['p999']:.0f} | {cpu['max']:,.0f} "
            f"| {wall['p50']:.1f} | {wall['p99']:.0f} | {wall['p999']:,.0f} "
            f"| {'/'.join(map(str, collector.collections))} | {collector.longest_ms:.0f} "
            f"| {each.start_mib:.0f} → {each.peak_mib:.0f}{f' (half {each.half_mib:.0f})' if each.half_mib else ''} |"
        )
    return table_of(text, head, rows)


def quality_table(results: Results) -> str:
    """What the alerts became."""
    text = (
        "What the alerts became. Pieces: incidents that hold alerts of a storm (1 is right). Mixed: storms that an "
        "incident holds alerts of (1 is right). F1 is pairwise, of the clusters. Storms of the simulator and of real "
        "data are the labelled incidents."
    )
    head = "| load | alerts | incidents | noise reduction | storms | seen | pieces | mixed | F1 |"
    return table_of(text, head, [_quality(row) for row in results.rows if row.quality is not None])


def _quality(row: Row) -> str:
    each = row.quality
    assert each is not None
    line = f"| {row.name} | {each.alerts:,} | {each.incidents:,} | {each.noise_reduction:.3f} |"
    if not each.storms:
        return line + " | | | | |"
    return f"{line} {each.storms:,} | {each.seen:.2f} | {each.pieces:.2f} | {each.mixed:.2f} | {each.pairwise_f1:.3f} |"
