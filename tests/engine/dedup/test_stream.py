"""What makes two alerts the same: their identity, its fingerprint, and the entity that they are about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.dedup.stream import ENTITY_LABELS, entity_of, fingerprint_of, identity_of
from aiops.records import Alert

NONE: frozenset[str] = frozenset()
TEXT = st.text(max_size=8)
LABELS = st.dictionaries(TEXT, TEXT, max_size=4)


def alert(**more: object) -> Alert:
    return Alert(ts=1.0, **{"name": "DiskFull", **more})  # type: ignore[arg-type]


def test_entity_is_its_own_field_then_a_label_then_service_then_the_alert_itself() -> None:
    labels = dict.fromkeys(ENTITY_LABELS, "label")
    assert entity_of(alert(entity="own", labels=labels, service="s", source="t")) == "own"
    assert entity_of(alert(labels=labels, service="s", source="t")) == "label"
    assert entity_of(alert(service="s", source="t")) == "s"
    assert entity_of(alert(source="t")) == "DiskFull"
    assert entity_of(alert(source="t", labels={"team": "db"})) == "DiskFull {team=db}"


def test_most_specific_label_names_the_entity() -> None:
    for number, name in enumerate(ENTITY_LABELS):
        labels = {label: f"v-{label}" for label in ENTITY_LABELS[number:]}
        assert entity_of(alert(labels=labels)) == f"v-{name}"


@pytest.mark.parametrize("label", ENTITY_LABELS)
def test_empty_label_names_nothing(label: str) -> None:
    assert entity_of(alert(labels={label: ""}, service="s")) == "s"


@given(LABELS)
def test_order_of_labels_does_not_matter(labels: dict[str, str]) -> None:
    turned = dict(reversed(labels.items()))
    assert identity_of(alert(labels=labels), "e", NONE) == identity_of(alert(labels=turned), "e", NONE)


@given(LABELS, st.sets(TEXT, max_size=3))
def test_labels_that_are_ignored_take_no_part(labels: dict[str, str], ignored: set[str]) -> None:
    kept = {name: value for name, value in labels.items() if name not in ignored}
    one = identity_of(alert(labels=labels), "e", frozenset(ignored))
    assert one[4] == identity_of(alert(labels=kept), "e", NONE)[4]


@pytest.mark.parametrize(
    "change",
    [{"name": "Other"}, {"service": "s"}, {"source": "t"}, {"labels": {"a": "b"}}, {"key": "k"}],
)
def test_each_part_of_an_identity_counts(change: dict[str, object]) -> None:
    assert identity_of(alert(**change), "e", NONE) != identity_of(alert(), "e", NONE)
    assert identity_of(alert(), "e", NONE) != identity_of(alert(), "f", NONE)


def test_severity_message_and_time_take_no_part() -> None:
    one = alert(severity="critical", message="91 %", url="https://x", id="7")
    assert identity_of(one, "e", NONE) == identity_of(alert(), "e", NONE)


def test_key_of_the_tool_stands_for_all_but_the_source() -> None:
    one = identity_of(alert(key="k", service="s", labels={"a": "b"}), "e", NONE)
    assert one == identity_of(alert(key="k", name="Renamed"), "other", NONE)
    assert one != identity_of(alert(key="k", source="t"), "e", NONE)


@given(TEXT, TEXT, LABELS)
def test_identity_by_key_is_never_one_by_name(key: str, name: str, labels: dict[str, str]) -> None:
    """A hostile name must not pass for another tool's key."""
    by_key = identity_of(alert(key=key or "k"), "e", NONE)
    by_name = identity_of(Alert(ts=1.0, name=name or "n", labels=labels), "e", NONE)
    assert by_key != by_name
    assert fingerprint_of(by_key) != fingerprint_of(by_name)


@given(st.lists(TEXT, min_size=5, max_size=5), st.lists(TEXT, min_size=5, max_size=5))
def test_fingerprints_differ_where_identities_do(one: list[str], other: list[str]) -> None:
    first = (one[0], one[1], one[2], one[3], ((one[4], ""),))
    second = (other[0], other[1], other[2], other[3], ((other[4], ""),))
    assert (fingerprint_of(first) == fingerprint_of(second)) == (first == second)


def test_fingerprint_is_short_and_the_same_everywhere() -> None:
    found = fingerprint_of(("prometheus", "DiskFull", "db-1", "db", (("job", "node"),)))
    assert len(found) == 16
    assert int(found, 16) >= 0
    assert found == fingerprint_of(("prometheus", "DiskFull", "db-1", "db", (("job", "node"),)))
