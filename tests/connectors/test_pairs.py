"""A firing and its recovery meet in the engine: every pair of every shipped mapping, once, late and twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiops_connectors.mapping.mapping import load_mapping, names
from aiops_connectors.workbench.samples import NOW, read_samples

from aiops.engine.config import DedupConfig
from aiops.engine.dedup.deduplicator import Dedup
from aiops.records import Alert
from tests.engine.arrivals import observe

SAMPLES = Path(__file__).parent / "samples"


def pairs() -> list[tuple[str, str, list[Alert]]]:
    """Return tool, pair and the first alert of each of its samples."""
    found = []
    for tool in names():
        mapping, by_pair = load_mapping(tool), dict[str, list[Alert]]()
        for sample in read_samples(SAMPLES / f"{tool}.yaml"):
            if sample.pair:
                records, _ = sample.apply(mapping)
                by_pair.setdefault(sample.pair, []).extend(one for one in records[:1] if isinstance(one, Alert))
        found += [(tool, pair, alerts) for pair, alerts in by_pair.items()]
    return found


PAIRS = pairs()


def still_firing(alerts: list[Alert]) -> list[str]:
    dedup = Dedup(DedupConfig())
    for alert in alerts:
        observe(dedup, alert)
    return [stream.name for stream in dedup.streams.values() if stream.firing]


@pytest.mark.parametrize(("tool", "pair", "alerts"), PAIRS, ids=[f"{tool}-{pair}" for tool, pair, _ in PAIRS])
def test_a_recovery_ends_what_fired(tool: str, pair: str, alerts: list[Alert]) -> None:
    fired, ended = alerts
    assert still_firing([fired]) == [fired.name]
    assert still_firing([fired, ended]) == []
    assert still_firing([fired, fired, ended, ended]) == []


# Envelopes: the pairs are those of what is inside.
WITHOUT_PAIRS = {"cloudevents", "kafka_envelopes"}


def reports_ends(tool: str) -> bool:
    """Return True if a sample of a tool is the end of an alert."""
    mapping = load_mapping(tool)
    samples = [sample.apply(mapping)[0] for sample in read_samples(SAMPLES / f"{tool}.yaml")]
    return any(isinstance(one, Alert) and one.status == "resolved" for records in samples for one in records)


def test_every_tool_with_a_recovery_has_a_pair() -> None:
    ends = {tool for tool in names() if reports_ends(tool)}
    assert ends - {tool for tool, _, _ in PAIRS} - WITHOUT_PAIRS == set()


def test_samples_are_received_after_they_were_sent() -> None:
    assert all(alert.ts <= NOW for _, _, alerts in PAIRS for alert in alerts)
