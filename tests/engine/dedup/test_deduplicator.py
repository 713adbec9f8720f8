"""Fingerprints and episodes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.config import DedupConfig
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.dedup.stream import describe, entity_of, fingerprint_of, identity_entity, identity_of, new_stream
from aiops.engine.interning import Shared
from aiops.records import Alert
from aiops.workloads import Rule, Workloads, WorkloadsConfig
from tests.engine.arrivals import observe
from tests.engine.through_bytes import restored, saved

NONE: frozenset[str] = frozenset()
TEXT = st.text(max_size=6)


def alert(ts: float, status: str = "firing", **fields: object) -> Alert:
    return Alert(ts=float(ts), name="DiskFull", entity="node-1", status=status, **fields)  # type: ignore[arg-type]


def verdicts(*alerts: Alert, dedup: Dedup | None = None) -> list[str]:
    dedup = dedup or Dedup(DedupConfig())
    told: list[str] = []
    for each in alerts:
        dedup.expire(each.ts)
        told.append(observe(dedup, each))
    return told


@given(TEXT, TEXT, TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3), st.dictionaries(TEXT, TEXT, max_size=3))
def test_identities_that_differ_have_fingerprints_that_differ(
    name: str, entity: str, other_name: str, other_entity: str, labels: dict[str, str], other_labels: dict[str, str]
) -> None:
    one = identity_of(Alert(ts=1, name=name, labels=labels), entity, NONE)
    other = identity_of(Alert(ts=1, name=other_name, labels=other_labels), other_entity, NONE)
    assert (one == other) == (fingerprint_of(one) == fingerprint_of(other))


def test_the_order_of_labels_and_volatile_labels_make_no_identity() -> None:
    one = Alert(ts=1, name="N", labels={"a": "1", "b": "2", "value": "17"})
    other = Alert(ts=1, name="N", labels={"b": "2", "value": "18", "a": "1"})
    ignored = frozenset(DedupConfig().ignore_labels)
    assert identity_of(one, "e", ignored) == identity_of(other, "e", ignored)


def test_a_separator_inside_a_label_forges_nothing() -> None:
    one = identity_of(Alert(ts=1, name="a", labels={"x": 'y","z":"w'}), "e", NONE)
    other = identity_of(Alert(ts=1, name="a", labels={"x": "y", "z": "w"}), "e", NONE)
    assert fingerprint_of(one) != fingerprint_of(other)


def test_the_entity_comes_from_the_most_specific_label() -> None:
    assert entity_of(Alert(ts=1, name="N", labels={"namespace": "shop", "pod": "cart-0"})) == "cart-0"
    assert entity_of(Alert(ts=1, name="N", service="cart")) == "cart"


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        (Alert(ts=1, name="N", source="webhook"), "N"),
        (Alert(ts=1, name="N", labels={"team": "b", "area": "a", "value": "7"}), "N {area=a, team=b}"),
        (Alert(ts=1, name="N", key="k-1", labels={"team": "a"}), "N [k-1]"),
        (Alert(ts=1, name="N", key="N"), "N"),
    ],
)
def test_an_alert_without_an_entity_stands_for_itself(alert: Alert, expected: str) -> None:
    assert entity_of(alert) == expected
    assert Dedup(DedupConfig()).stream(alert).entity == expected


def test_the_identity_without_an_entity_is_that_of_its_source() -> None:
    assert identity_entity(Alert(ts=1, name="N", source="webhook")) == "webhook"
    assert identity_entity(Alert(ts=1, name="N")) == "unknown"
    assert identity_entity(Alert(ts=1, name="N", source="webhook", service="shop")) == "shop"


def test_firing_resolved_firing_again_are_two_episodes() -> None:
    assert verdicts(alert(0), alert(60, "resolved"), alert(120)) == ["new", "resolved", "new"]


def test_resolved_without_firing_and_resolved_twice() -> None:
    assert verdicts(alert(0, "resolved"), alert(1, "resolved")) == ["orphan", "orphan"]
    assert verdicts(alert(0), alert(1, "resolved"), alert(2, "resolved")) == ["new", "resolved", "duplicate"]


def test_exact_copies_are_known_even_inside_one_batch_and_out_of_order() -> None:
    copies = [alert(0, id="a"), alert(5, id="b"), alert(0, id="a"), alert(5, id="b"), alert(5, id="c")]
    assert verdicts(*copies) == ["new", "repeat", "duplicate", "duplicate", "repeat"]


def test_the_same_start_is_a_repeat_that_adds_nothing() -> None:
    assert verdicts(alert(0, starts_at=0.0), alert(3600, starts_at=0.0)) == ["new", "duplicate"]


def test_an_older_firing_never_reopens_what_resolved_later() -> None:
    assert verdicts(alert(0), alert(100, "resolved"), alert(50)) == ["new", "resolved", "duplicate"]


def test_a_resolution_ends_what_fires_when_it_comes_whatever_its_own_time_is() -> None:
    assert verdicts(alert(0), alert(10, "resolved"), alert(100), alert(50, "resolved"), alert(101)) == [
        "new",
        "resolved",
        "new",
        "resolved",
        "new",
    ]


def test_a_resolution_that_comes_again_soon_after_a_new_firing_is_late() -> None:
    told = verdicts(alert(0), alert(10, "resolved"), alert(20), alert(10, "resolved"), alert(21))
    assert told == ["new", "resolved", "new", "duplicate", "repeat"]


def test_an_exact_copy_has_the_same_status_as_well() -> None:
    """Tools give the end of an alert its id, and sometimes its time."""
    assert verdicts(alert(0, id="a"), alert(0, "resolved", id="a"), alert(0, "resolved", id="a")) == [
        "new",
        "resolved",
        "duplicate",
    ]


def test_a_lease_that_is_not_renewed_ends_the_episode_and_a_renewed_one_goes_on() -> None:
    dedup = Dedup(DedupConfig())
    first = alert(0, ends_at=300.0)
    stream = dedup.stream(first)
    observe(dedup, first)
    assert verdicts(alert(200, ends_at=500.0), dedup=dedup) == ["duplicate"]
    assert dedup.expire(400) == []
    assert [(ended.number, reason) for ended, reason in dedup.expire(501)] == [(stream.number, "its lease ran out")]
    assert stream.resolved_at == 500


def test_silence_ends_an_event_stream_early_and_one_with_a_life_cycle_late() -> None:
    config = DedupConfig(quiet_s=100, stale_s=1000)
    plain, lively = Dedup(config), Dedup(config)
    verdicts(alert(0), dedup=plain)
    verdicts(alert(0, starts_at=0.0), dedup=lively)
    assert len(plain.expire(101)) == 1
    assert lively.expire(101) == []
    assert len(lively.expire(1001)) == 1


def test_flapping_is_held_as_one_episode_until_it_is_calm() -> None:
    dedup = Dedup(DedupConfig(flap_count=3, flap_window_s=600, flap_calm_s=300))
    stream = dedup.stream(alert(0))
    told = []
    for at in range(0, 300, 60):
        for each in (alert(at), alert(at + 30, "resolved")):
            told.append(observe(dedup, each))
            stream.cluster = 0
    assert told == [
        "new",
        "resolved",
        "new",
        "resolved",
        "duplicate",
        "resolved",
        "duplicate",
        "resolved",
        "duplicate",
        "resolved",
    ]
    assert stream.held
    assert dedup.expire(500) == []
    assert [reason for _, reason in dedup.expire(270 + 301)] == ["calm after flapping"]
    assert not stream.held


def test_a_million_labels_stay_within_the_cap_and_firing_streams_are_kept_longest() -> None:
    dedup = Dedup(DedupConfig(max_streams=500))
    keep = alert(0)
    observe(dedup, keep)
    for at in range(1, 20_000):
        each = Alert(ts=at, name="N", labels={"uid": str(at)}, status="resolved")
        observe(dedup, each)
    assert len(dedup.streams) == 500
    assert dedup.forgotten == 20_000 - 500
    assert dedup.stream(keep).firing


def test_state_survives_a_dump() -> None:
    dedup = Dedup(DedupConfig())
    verdicts(alert(0, id="a"), alert(9, "resolved"), alert(20, id="b"), dedup=dedup)
    other = restored(dedup, Dedup(DedupConfig()))
    more = [alert(0, id="a"), alert(25), alert(30, "resolved"), alert(2000)]
    assert verdicts(*more, dedup=other) == verdicts(*more, dedup=dedup)
    assert saved(other) == saved(dedup)


def test_a_keyed_stream_is_called_what_its_latest_episode_says() -> None:
    shared = Shared()
    alert = Alert(ts=1.0, name="Disk 91 %", source="s", key="k", entity="db9", service="db")
    identity = identity_of(alert, "db9", NONE)
    stream = new_stream(0, identity, shared, alert, "db9")
    assert (stream.name, stream.entity, stream.service, stream.source) == ("Disk 91 %", "db9", "db", "s")
    describe(stream, Alert(ts=2.0, name="Disk 97 %", key="k"), "db10", shared)
    assert (stream.name, stream.entity, stream.service) == ("Disk 97 %", "db10", None)
    assert stream.identity == identity


def test_a_stream_has_the_workload_of_its_entity_or_its_service() -> None:
    rules = WorkloadsConfig(rules=[Rule("cell", "(.+)-cell[0-9]+")])
    dedup = Dedup(DedupConfig(), Workloads(rules))
    assert dedup.stream(Alert(ts=1.0, name="N", entity="cart-7d9f8c6b5d-x2x4z")).workload == "cart"
    assert dedup.stream(Alert(ts=1.0, name="N", entity="cart-cell7")).workload == "cart"
    assert dedup.stream(Alert(ts=1.0, name="N", labels={"pod": "cart-0"})).workload == "cart"
    assert dedup.stream(Alert(ts=1.0, name="N", entity="ip-10-0-3-17", service="shop")).workload == "shop"
    assert dedup.stream(Alert(ts=1.0, name="N")).workload == "N"
    assert Dedup(DedupConfig()).stream(Alert(ts=1.0, name="N", entity="cart-cell7")).workload == "cart-cell7"


def test_the_workload_of_a_keyed_stream_follows_its_latest_episode() -> None:
    dedup = Dedup(DedupConfig())
    stream = dedup.stream(Alert(ts=1.0, name="N", key="k", entity="db-0", status="resolved"))
    assert stream.workload == "db"
    dedup.stream(Alert(ts=2.0, name="N", key="k", entity="queue-3"))
    assert stream.workload == "queue"


def test_workloads_survive_a_dump() -> None:
    dedup = Dedup(DedupConfig())
    dedup.stream(Alert(ts=1.0, name="N", entity="cart-7d9f8c6b5d-x2x4z"))
    other = restored(dedup, Dedup(DedupConfig()))
    assert [stream.workload for stream in other.streams.values()] == ["cart"]


def test_a_label_that_is_an_annotation_is_no_identity() -> None:
    dedup = Dedup(DedupConfig(ignore_labels=()))
    one, other = (Alert(ts=1.0, name="a", labels={"runbook_url": url, "env": "x"}) for url in ("u", "v"))
    assert dedup.stream(one) is dedup.stream(other)
