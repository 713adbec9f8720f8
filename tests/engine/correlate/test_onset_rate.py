"""The learned rate at which something new begins, the pace of a cluster, and what the correlator makes of both."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.onset_rate import LEAST_RATE, MAX_TAIL, MIN_TAIL, MIN_TRUST, START_S, Onsets
from aiops.topology import Topology
from tests.engine.through_bytes import restored

NO_TOPOLOGY = Topology.build([], [])
# Unix seconds of an ordinary day, as slots are counted from the epoch.
START = 1_700_000_000.0


def correlator(sensitivity: float = 0.5) -> Correlator:
    return Correlator(CorrelateConfig(sensitivity=sensitivity), NO_TOPOLOGY)


def fed(*times: float) -> Onsets:
    onsets = Onsets()
    for ts in times:
        onsets.observe(ts)
    return onsets


def come(onsets: Onsets, ts: float) -> None:
    """One more alert that nothing explains but closeness."""
    onsets.observe(ts)
    onsets.unexplained(ts)


def test_onsets_rate_falls_while_nothing_new_begins() -> None:
    assert Onsets().rate() == pytest.approx(1 / START_S)
    assert fed(0.0, START_S).rate() == pytest.approx(1 / (2 * START_S), rel=0.01)


def test_onsets_count_the_end_of_a_silence_as_far_as_nothing_explains_it() -> None:
    unexplained, explained, busy = fed(0.0, 600.0), fed(0.0, 600.0), fed(0.0, 60.0)
    before = unexplained.found
    unexplained.silence_ended(-30.0)
    explained.silence_ended(30.0)
    assert unexplained.found == pytest.approx(before + 1.0)
    assert explained.found == pytest.approx(before)
    before = busy.found
    busy.silence_ended(-30.0)
    assert busy.found == before


@pytest.mark.parametrize("margin", [float("-inf"), float("inf"), -1e9, 1e9])
def test_onsets_take_any_margin(margin: float) -> None:
    onsets = fed(0.0, 600.0)
    onsets.silence_ended(margin)
    assert 0.0 < onsets.rate() < 1.0


def test_onsets_rate_moves_to_that_of_alerts_that_come_like_chance() -> None:
    rng = random.Random(1)
    chance, bursts = Onsets(), Onsets()
    at = 0.0
    for _ in range(3000):
        at += rng.expovariate(1 / 20)
        come(chance, at)
        for step in range(5):
            come(bursts, 5 * at + step * 0.1)
    assert chance.rate() > 1 / 40
    assert bursts.rate() < 1 / 3000


def test_onsets_take_nothing_for_chance_where_a_graph_tells_what_is_near() -> None:
    rng = random.Random(1)
    alone, graph = Onsets(), Onsets(is_alone=False)
    at = 0.0
    for _ in range(3000):
        at += rng.expovariate(1 / 20)
        come(alone, at)
        come(graph, at)
    assert alone.rate() > 1 / 40
    assert graph.rate() < 1 / 3000


def test_onsets_rate_stays_for_a_clock_s_beat_and_for_a_storm() -> None:
    rng = random.Random(2)
    beat, storm, estate = Onsets(), Onsets(), Onsets()
    at = 0.0
    for step in range(3000):
        come(beat, step * 5.0)
        at += rng.expovariate(10.0)
        come(storm, at)
    assert beat.rate() < 1 / 3000
    assert storm.rate() < 1 / 600
    at = 0.0
    for _ in range(9000):
        at += rng.expovariate(10.0)
        come(estate, at)
    assert estate.rate() > 2.0


def test_strangers_count_among_all_new_things_and_do_not_age_a_cluster() -> None:
    onsets = fed(0.0, 600.0)
    before = onsets.rate()
    onsets.stranger(0.5)
    onsets.stranger(0.25)
    assert onsets.rate() == before
    assert onsets.rate_of_all() == pytest.approx(before + 0.75 / onsets.elapsed_s)


def test_tail_of_silences_is_the_maximum_likelihood_of_a_pareto_tail() -> None:
    onsets = Onsets()
    assert onsets.tail() == 1.0
    for _ in range(20):
        onsets.silence_broken(0.25, 1.0)
    # As twenty silences of length 1 are assumed: (20 + 20) / (20 + 20 / 4).
    assert onsets.tail() == pytest.approx(1.6)
    onsets.silence_broken(100.0, 0.0)
    assert onsets.tail() == pytest.approx(1.6)


def test_one_sender_bends_the_tail_for_all_within_bounds_and_is_forgotten() -> None:
    onsets = fed(0.0)
    for _ in range(5000):
        onsets.silence_broken(0.01, 1.0)
    assert onsets.tail() == MAX_TAIL
    onsets.observe(60 * 86_400.0)
    assert onsets.tail() == pytest.approx(1.0, abs=0.01)
    for _ in range(5000):
        onsets.silence_broken(9.0, 1.0)
    assert onsets.tail() == MIN_TAIL


def test_a_clock_that_jumps_ten_years_leaves_a_rate() -> None:
    onsets = fed(0.0, 25_000.0, 1.79e9)
    assert onsets.rate() > 0.0
    assert onsets.rate_of_all() >= LEAST_RATE


@given(st.lists(st.tuples(st.floats(0.0, 12.0), st.floats(0.0, 1.0)), max_size=60))
def test_tail_is_never_zero_and_longer_silences_make_it_flatter(silences: list[tuple[float, float]]) -> None:
    onsets, longer = Onsets(), Onsets()
    for length, belongs in silences:
        onsets.silence_broken(length, belongs)
        longer.silence_broken(length + 1.0, belongs)
    assert 0.0 < longer.tail() <= onsets.tail()


def test_trust_falls_where_alerts_come_like_chance() -> None:
    rng = random.Random(1)
    chance, bursts = Onsets(), Onsets()
    at = 0.0
    for _ in range(3000):
        at += rng.expovariate(1 / 20)
        come(chance, at)
        for step in range(5):
            come(bursts, 5 * at + step * 0.1)
    assert chance.trust() == MIN_TRUST
    assert 0.5 < bursts.trust() <= 1.0


def test_time_ahead_of_a_clock_that_was_set_back_counts_as_now() -> None:
    onsets = fed(0.0, 1000.0)
    onsets.unexplained(1000.0)
    elapsed_s = onsets.elapsed_s
    onsets.set_back(400.0)
    come(onsets, 410.0)
    assert onsets.quiet_s == 10.0
    assert onsets.elapsed_s == pytest.approx(elapsed_s + 10.0, rel=1e-3)
    assert onsets.gap_s > 0.0


def test_faults_that_follow_each_other_after_hours_are_one_cluster_each() -> None:
    """What no alert says, time does: five faults that touch the same services, each with pauses of half a minute."""
    engine = correlator()
    rng = random.Random(7)
    found: list[set[int]] = []
    seq = 0
    for fault in range(5):
        at = START + fault * 7200.0 + rng.uniform(0.0, 600.0)
        clusters = set()
        for step in range(60):
            at += rng.choice((0.5, 1.0, 3.0, 30.0))
            engine.advance(at)
            service = f"svc-{rng.randrange(8)}"
            clusters.add(engine.place(seq, at, f"symptom-{step % 6}", f"{service}-0", service).cluster)
            seq += 1
        found.append(clusters)
    # Sixty alerts are few to know a pace by: a run of short gaps looks like a surge, at most once a fault.
    assert [len(clusters) for clusters in found] == [2, 2, 1, 2, 1]
    assert len(set.union(*found)) == 8


@pytest.mark.parametrize("mean_s", [13.0, 60.0, 3600.0])
def test_unrelated_alerts_that_come_like_chance_stay_apart(mean_s: float) -> None:
    engine = correlator()
    rng = random.Random(3)
    at = START
    sizes: Counter[int] = Counter()
    for seq in range(1500):
        at += rng.expovariate(1 / mean_s)
        engine.advance(at)
        service = f"svc-{rng.randrange(200)}"
        cluster = engine.place(seq, at, f"kind-{rng.randrange(60)}", service, service).cluster
        if seq >= 300:
            sizes[cluster] += 1
    merged = sum(count - 1 for count in sizes.values()) / sizes.total()
    assert merged < 0.06


def test_a_join_by_time_alone_says_so_and_names_no_graph() -> None:
    engine = correlator()
    engine.place(0, START, "ApiErrors", "api", "api")
    joined = engine.place(1, START + 5.0, "PaymentsDown", "payments", "payments")
    assert joined.cluster == 0
    texts = {each.name: each.text for each in joined.evidence}
    assert "graph" not in " ".join(texts.values())
    assert texts["goes_on"] == (
        "too little was seen yet: one new problem in 10 min 0 s is assumed; the pace of this cluster is not known yet"
    )
    assert texts["silence"] == "the cluster had no alert for 5 seconds"
    assert "co_occurrence" not in texts
    assert sum(each.value for each in joined.evidence) > engine.limits.threshold


def test_a_join_by_time_tells_what_was_measured() -> None:
    engine = correlator()
    for seq, at in enumerate((0.0, 7200.0, 7205.0, 7210.0)):
        engine.advance(START + at)
        engine.place(seq, START + at, "ApiErrors", "api", "api")
    joined = engine.place(4, START + 7213.0, "PaymentsDown", "payments", "payments")
    text = next(each.text for each in joined.evidence if each.name == "goes_on")
    assert text == "about one new problem in 1 h 5 min begins here; alerts of this cluster come about every 8 seconds"


def test_alerts_of_two_services_on_one_entity_are_two_members() -> None:
    engine = correlator()
    first = engine.place(0, START, "SvcDown", "shared-1", "alpha")
    cluster, member = first.cluster, first.member
    second = engine.place(1, START + 1.0, "SvcDown", "shared-1", "beta")
    assert second.cluster == cluster
    assert second.member != member
    assert engine.place(2, START + 2.0, "SvcDown", "shared-1", "alpha").member == member


def test_after_a_long_silence_time_says_nothing_for_a_join() -> None:
    engine = correlator()
    engine.place(0, START, "ApiErrors", "api", "api")
    assert engine.place(1, START + 200.0, "PaymentsDown", "payments", "payments").cluster == 1


def test_symptoms_that_always_come_in_company_make_no_habit() -> None:
    """Faults that strike the same services hour by hour: their symptoms stay what they are."""
    engine = correlator()
    seq = 0
    last = None
    for fault in range(40):
        for step in range(12):
            at = START + fault * 3600.0 + step * 2.0
            engine.advance(at)
            service = f"svc-{step % 6}"
            last = engine.place(seq, at, f"symptom-{step % 3}", service, service).background
            seq += 1
    assert last is None


ITEMS = st.lists(
    st.tuples(st.floats(0, 4000), st.sampled_from("abc"), st.sampled_from(["db", "web", "mail"])), max_size=120
).map(lambda items: sorted(items, key=lambda item: item[0]))


@settings(max_examples=40, deadline=None)
@given(ITEMS, st.integers(0, 120))
def test_a_dump_at_any_point_keeps_rate_and_pace(items: list[tuple[float, str, str]], cut: int) -> None:
    straight, before, after = correlator(), correlator(), correlator()
    placed: list[tuple[int, int]] = []
    for seq, (ts, type_, service) in enumerate(items):
        found = straight.place(seq, ts, type_, f"{service}-0", service)
        placed.append((found.cluster, found.member))
    for seq, (ts, type_, service) in enumerate(items[:cut]):
        before.place(seq, ts, type_, f"{service}-0", service)
    restored(before, after)
    for seq, (ts, type_, service) in enumerate(items[cut:], cut):
        found = after.place(seq, ts, type_, f"{service}-0", service)
        assert (found.cluster, found.member) == placed[seq]
    assert after.onsets.dump() == straight.onsets.dump()
