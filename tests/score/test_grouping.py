"""Grouping measures against scikit-learn, brute force and published examples."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix, pair_confusion_matrix

from aiops.score import contingency, grouping, pair_counts

LABELS = st.sampled_from(["a", "b", "c", "a.b.1", "a.b.2"])
PAIRS = st.lists(st.tuples(LABELS, st.integers(0, 5)), min_size=1, max_size=40)
NOISY = st.lists(st.tuples(st.none() | LABELS, st.integers(0, 5)), min_size=1, max_size=30)


def split(pairs: list[tuple[str | None, int]]) -> tuple[list[str | None], list[int]]:
    return [label for label, _ in pairs], [cluster for _, cluster in pairs]


@given(PAIRS)
@settings(max_examples=150, deadline=None)
def test_agrees_with_scikit_learn_where_all_alerts_are_labelled(pairs: list[tuple[str | None, int]]) -> None:
    truth, predicted = split(pairs)
    result = grouping(truth, predicted)
    (_, fp), (fn, tp) = pair_confusion_matrix(truth, predicted)
    assert result.pairwise_precision == pytest.approx(tp / (tp + fp) if tp + fp else 1.0)
    assert result.pairwise_recall == pytest.approx(tp / (tp + fn) if tp + fn else 1.0)
    assert result.adjusted_rand == pytest.approx(adjusted_rand_score(truth, predicted))
    cells = contingency_matrix(truth, predicted)
    assert result.purity == pytest.approx(cells.max(axis=0).sum() / cells.sum())


@given(NOISY)
@settings(max_examples=150, deadline=None)
def test_pair_counts_agree_with_counting_every_pair(pairs: list[tuple[str | None, int]]) -> None:
    truth, predicted = split(pairs)
    counts = {(True, True): 0, (False, True): 0, (True, False): 0, (False, False): 0}
    for left, right in combinations(pairs, 2):
        if left[0] is None and right[0] is None:
            continue
        counts[left[0] == right[0], left[1] == right[1]] += 1
    expected = counts[True, True], counts[False, True], counts[True, False], counts[False, False]
    assert pair_counts(contingency(truth, predicted, count_background=True)) == expected


@given(NOISY, st.booleans())
@settings(max_examples=150, deadline=None)
def test_incident_rates_agree_with_counting_ordered_pairs(
    pairs: list[tuple[str | None, int]], count_background: bool
) -> None:
    """The published protocol counts (x, y) with x in the incident and y any alert, itself too."""
    result = grouping(*split(pairs), count_background)
    seen = [pair for pair in pairs if count_background or pair[0] is not None]
    for rates in result.per_incident:
        mine = [pair for pair in seen if pair[0] == rates.incident]
        together = [(x, y) for x in mine for y in seen if x[1] == y[1]]
        tp = sum(y[0] == rates.incident for _, y in together)
        assert rates.alerts == len(mine)
        assert rates.tpr == pytest.approx(tp / len(mine) ** 2)
        outside = len(mine) * (len(seen) - len(mine))
        if not outside:
            assert rates.tnr is None
        else:
            assert rates.tnr == pytest.approx(1 - (len(together) - tp) / outside)


@given(NOISY, st.booleans())
@settings(max_examples=150, deadline=None)
def test_bcubed_agrees_with_its_definition_per_alert(
    pairs: list[tuple[str | None, int]], count_background: bool
) -> None:
    result = grouping(*split(pairs), count_background)
    seen = [pair for pair in pairs if count_background or pair[0] is not None]
    precisions, recalls = [], []
    for label, cluster in seen:
        if label is not None:
            both = sum(pair == (label, cluster) for pair in seen)
            precisions.append(both / sum(pair[1] == cluster for pair in seen))
            recalls.append(both / sum(pair[0] == label for pair in seen))
    assert result.bcubed_precision == pytest.approx(sum(precisions) / len(precisions) if precisions else 1.0)
    assert result.bcubed_recall == pytest.approx(sum(recalls) / len(recalls) if recalls else 1.0)


@given(NOISY, st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_order_and_names_do_not_matter_and_all_shares_are_shares(
    pairs: list[tuple[str | None, int]], count_background: bool, random: object
) -> None:
    result = grouping(*split(pairs), count_background)
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    renamed = [(label, 100 - 7 * cluster) for label, cluster in shuffled]
    assert grouping(*split(renamed), count_background) == result
    for name in result.__struct_fields__:
        value = getattr(result, name)
        if isinstance(value, float) and name != "adjusted_rand":
            assert 0.0 <= value <= 1.0, name
    assert -1.0 <= result.adjusted_rand <= 1.0


@given(PAIRS)
@settings(max_examples=50, deadline=None)
def test_the_truth_itself_is_perfect(pairs: list[tuple[str | None, int]]) -> None:
    truth, _ = split(pairs)
    result = grouping(truth, truth)
    assert result.pairwise_f1 == result.bcubed_f1 == result.adjusted_rand == result.purity == result.tpr == 1.0
    assert result.tnr in (1.0, None)


def test_bcubed_rewards_a_cleaner_cluster() -> None:
    """The homogeneity constraint of Amigó et al. 2009: cleaning a mixed cluster raises precision. Worked by hand."""
    truth = ["a"] * 4 + ["b"] * 4
    worse = grouping(truth, [1, 1, 1, 2, 2, 2, 2, 3])
    better = grouping(truth, [1, 1, 1, 4, 2, 2, 2, 3])
    assert worse.bcubed_precision == pytest.approx((3 * 1 + 1 / 4 + 3 * 3 / 4 + 1) / 8)
    assert better.bcubed_precision == 1.0
    assert worse.bcubed_recall == better.bcubed_recall == pytest.approx((9 / 4 + 1 / 4) * 2 / 8)


def test_background_counts_against_an_incident_only_when_asked() -> None:
    truth: list[str | None] = ["a", "a", None, None]
    predicted = [1, 1, 1, 1]
    ignored, counted = grouping(truth, predicted), grouping(truth, predicted, count_background=True)
    assert ignored.pairwise_precision == 1.0
    assert ignored.tnr is None
    assert counted.pairwise_precision == pytest.approx(1 / 5)
    assert counted.tnr == 0.0
    assert counted.purity == 0.5
    assert ignored.background == counted.background == 2


def test_background_clusters_of_their_own_cost_nothing() -> None:
    truth: list[str | None] = ["a", "a", None, None, None]
    counted = grouping(truth, [1, 1, 2, 2, 3], count_background=True)
    assert counted.pairwise_f1 == counted.purity == counted.adjusted_rand == counted.tnr == 1.0


def test_nothing_labelled_is_nothing_wrong() -> None:
    result = grouping([None, None], [1, 2])
    assert (result.incidents, result.pairwise_f1, result.tpr, result.tnr) == (0, 1.0, 1.0, None)
    assert grouping([], []).alerts == 0


def test_singletons_have_precision_but_no_recall() -> None:
    result = grouping(["a", "a", "b"], [1, 2, 3])
    assert (result.pairwise_precision, result.pairwise_recall, result.pairwise_f1) == (1.0, 0.0, 0.0)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="expected as many clusters as labels, got 1 and 2"):
        grouping(["a", "b"], [1])
