"""Payloads that a tool could have sent, with something wrong in them: each is taken or refused, and never breaks us."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.mapping.mapping import MAX_ITEMS, load_mapping, names
from aiops_connectors.workbench.samples import Sample, read_samples
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import RecordError
from aiops.journal.frame import decode_lines, encode_lines

NOW = 1_772_400_000.0


def opened(sample: Sample) -> Any:
    """The document of a sample, whatever the form of its body."""
    try:
        return sample.opened()[0]
    except RecordError:
        return {}


SAMPLES: dict[str, list[Any]] = {
    path.stem: [opened(sample) for sample in read_samples(path)]
    for path in sorted((Path(__file__).parent / "samples").glob("*.yaml"))
}


def nested(levels: int) -> Any:
    deep: Any = "x"
    for _ in range(levels):
        deep = {"alerts": [deep], "labels": {"alertname": deep}}
    return deep


# What a field may hold that no tool means: other types, numbers that are no times, texts that are code elsewhere.
HOSTILE = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1e308,
        -(10**30),
        10**400,
        float("nan"),
        float("inf"),
        "",
        " ",
        "\x00\x1b[31m\u202e\ud7ff",
        "y" * 70_000,
        "${jndi:ldap://x}",
        "{{ 7*7 }}",
        "../../../etc/passwd",
        "(a+)+$" + "a" * 40 + "!",
        "9999-99-99T99:99:99Z",
        "0000-00-00T00:00:00Z",
        "2026-03-01T10:00:00+99:99",
        [],
        {},
        [[[]]],
        {"": ""},
        {f"k{number}": "v" * 50 for number in range(500)},
        [{"labels": {"alertname": "x"}}] * 50,
        nested(8),
    ]
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all that is inside a payload, and of the payload itself."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*at, key))


def changed(payload: Any, path: tuple[Any, ...], how: str, value: Any) -> Any:
    """The payload with one place replaced, taken away, renamed, or said many times."""
    if not path:
        return value if how == "replace" else [payload, value]
    made = copy.deepcopy(payload)
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    last = path[-1]
    if how == "replace":
        holder[last] = value
    elif how == "remove":
        del holder[last]
    elif isinstance(holder, dict):
        holder[f"{last}\u00df"] = holder.pop(last)
    else:
        holder.extend([copy.deepcopy(holder[last]) for _ in range(20)])
    return made


@st.composite
def payloads(draw: st.DrawFn, tool: str) -> Any:
    payload = draw(st.sampled_from(SAMPLES[tool]))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(payload))))
        payload = changed(payload, path, draw(st.sampled_from(["replace", "remove", "other"])), draw(HOSTILE))
    return payload


@pytest.mark.parametrize("tool", sorted(SAMPLES))
def test_a_payload_with_something_wrong_is_taken_or_refused(tool: str) -> None:
    mapping = load_mapping(tool)

    @settings(max_examples=60, deadline=None, database=None)
    @given(payload=payloads(tool))
    def check(payload: Any) -> None:
        records, problems = mapping.apply(payload, {}, None, NOW)
        again, _ = mapping.apply(payload, {}, None, NOW)
        assert records == again, "the same payload gives the same records"
        assert len(records) + len(problems) <= 4 * MAX_ITEMS
        for problem in problems:
            assert problem.place.startswith("$")
            assert 0 < len(problem.reason) < 2_000
        for record in records:
            assert record.name
            assert len(record.name) <= 1_024
            assert len(record.labels) <= 64
            assert sum(len(key) + len(value) for key, value in record.labels.items()) < 1 << 20
            assert record.ts == record.ts
            record.id = record.id or "x"
            # What the journal writes is what a replay reads.
            assert decode_lines(encode_lines([record])) == [record]

    check()


def test_every_mapping_is_fuzzed() -> None:
    assert set(SAMPLES) == set(names())
