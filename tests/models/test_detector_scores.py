"""Detectors carried as plain numbers score as pyod does, and refuse numbers that cannot be theirs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from aiops_models.detectors.ecod import Ecod
from aiops_models.detectors.hbos import Hbos
from aiops_models.detectors.pca import Pca
from pyod.models.ecod import ECOD
from pyod.models.hbos import HBOS
from pyod.models.pca import PCA

from aiops.detectors import plugins
from aiops.detectors.training import load, roc_area
from aiops.engine.detect.stage import Detect
from aiops.errors import UsageError
from aiops.model_state import given, swap_action
from aiops.records import Action

Table = list[list[float]]


def rows(n: int, seed: int = 1, features: int = 8) -> Table:
    """Rows as the engine makes them: correlated, skewed, with ties."""
    source = np.random.default_rng(seed)
    size = source.poisson(3.0, n)
    columns = [np.log1p(size + source.poisson(0.5, n) * k) for k in range(features - 1)]
    columns.append(source.integers(0, 5, n).astype(float))
    table: Table = np.stack(columns, axis=1).tolist()
    return table


def through_json(state: Any) -> Any:
    return json.loads(json.dumps(state))


TRAINING, FRESH = rows(500), [*rows(200, seed=2), [9.0] * 8, [-3.0] * 8]


@pytest.mark.slow
def test_hbos_is_pyods() -> None:
    ours = Hbos.from_state(through_json(Hbos.fit(TRAINING).state()))
    theirs = HBOS().fit(np.asarray(TRAINING)).decision_function(np.asarray(FRESH))
    assert ours.score(FRESH) == pytest.approx(theirs.tolist(), rel=1e-9)


def test_pca_is_pyods() -> None:
    ours = Pca.from_state(through_json(Pca.fit(TRAINING).state()))
    fitted = PCA(n_components=len(ours.components), svd_solver="full").fit(np.asarray(TRAINING))
    theirs = fitted.decision_function(np.asarray(FRESH))
    assert len(ours.components) >= 6
    assert ours.score(FRESH) == pytest.approx(theirs.tolist(), rel=1e-6)


def test_ecod_is_pyods_for_batches_of_one() -> None:
    ours = Ecod.from_state(through_json(Ecod.fit(TRAINING).state()))
    fitted = ECOD().fit(np.asarray(TRAINING))
    theirs = [float(fitted.decision_function(np.asarray([row]))[0]) for row in FRESH[:60]]
    assert ours.score(FRESH[:60]) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("algorithm", plugins.names())
def test_a_batch_scores_as_its_rows_do(algorithm: str) -> None:
    model = plugins.load(algorithm).fit(TRAINING)
    assert model.score(FRESH) == [model.score([row])[0] for row in FRESH]


@pytest.mark.parametrize("algorithm", plugins.names())
def test_constant_features_do_no_harm(algorithm: str) -> None:
    table = [[*row[:7], 2.0] for row in TRAINING]
    model = load(algorithm, through_json(plugins.load(algorithm).fit(table).state()))
    scores = model.score([*table, [9.0] * 8])
    assert np.isfinite(scores).all()
    assert scores[-1] == max(scores)


@pytest.mark.parametrize(
    ("algorithm", "state"),
    [
        ("hbos", {"edges": [[0.0, 1.0]], "scores": [[1.0, 2.0]]}),
        ("hbos", {"edges": [[1.0, 0.0]], "scores": [[1.0]]}),
        ("hbos", {"edges": [[0.0, "1"]], "scores": [[1.0]]}),
        ("hbos", {"edges": [[0.0, 1e999]], "scores": [[1.0]]}),
        ("hbos", {"edges": [], "scores": []}),
        ("hbos", {}),
        ("hbos", []),
        ("ecod", {"columns": [[2.0, 1.0]], "skews": [1.0]}),
        ("ecod", {"columns": [[1.0, 2.0]], "skews": [1.0, 1.0]}),
        ("ecod", {"columns": [[0.0] * 5000], "skews": [1.0]}),
        ("pca", {"means": [0.0], "scales": [0.0], "components": [[1.0]], "shares": [1.0]}),
        ("pca", {"means": [0.0], "scales": [1.0], "components": [[1.0, 0.0]], "shares": [1.0]}),
        ("pca", {"means": [0.0], "scales": [1.0], "components": [[1.0]], "shares": [0.0]}),
        ("pca", {"means": [True], "scales": [1.0], "components": [[1.0]], "shares": [1.0]}),
        ("forest", {}),
    ],
)
def test_numbers_that_cannot_be_a_model_are_refused(algorithm: str, state: Any) -> None:
    with pytest.raises(UsageError):
        load(algorithm, state)


def test_rows_of_another_width_are_refused() -> None:
    for model in map(plugins.load, plugins.names()):
        with pytest.raises(ValueError, match="expected rows of 8 features, got 3"):
            model.fit(TRAINING).score([[1.0, 2.0, 3.0]])


@pytest.mark.parametrize("algorithm", plugins.names())
def test_a_state_makes_a_record_that_the_engine_takes(algorithm: str) -> None:
    state = plugins.load(algorithm).fit(TRAINING).state()
    scorers = {name: plugins.load(name).from_state for name in plugins.names()}
    detect, found = Detect(scorers=scorers), given(swap_action("rows", algorithm, state, 5.0))
    detect.swap(found.algorithm, found.text)
    assert detect.loaded == (algorithm, found.text)


def test_the_id_of_a_model_is_its_numbers() -> None:
    state = Hbos.fit(TRAINING).state()
    first, later = (swap_action("detect", "hbos", one, 1.0) for one in (state, through_json(state)))
    assert isinstance(first, Action)
    assert first.id == later.id
    assert first.id != swap_action("detect", "hbos", Hbos.fit(FRESH).state(), 1.0).id


def test_the_area_is_scikits() -> None:
    from sklearn.metrics import roc_auc_score

    source = np.random.default_rng(4)
    positive, negative = source.integers(0, 9, 80).astype(float), source.integers(0, 7, 120).astype(float)
    truth = [1] * 80 + [0] * 120
    expected = roc_auc_score(truth, np.concatenate([positive, negative]))
    assert roc_area(positive.tolist(), negative.tolist()) == pytest.approx(expected)
