"""What a plan says of an object, what it is pinned by, and what would undo the change."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.step_kinds.exchange import Prepared
from tests.connectors.kubernetes.answers import (
    EARLIER,
    TEMPLATE,
    Json,
    listing,
    metadata,
    numbered,
    observed,
    prepared,
    replica_set,
    workload,
)

FLUX = {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux"}}
SETS = listing(replica_set(7, TEMPLATE), replica_set(6, EARLIER))
NODE: Json = {"object": "n-1", "namespace": None}


def at_seven(**meta: Any) -> Json:
    return workload(meta=numbered(7) | meta)


def pod(**meta: Any) -> Json:
    owner = {"kind": "ReplicaSet", "name": "cart-7d9", "uid": "u-0", "controller": True}
    return {"metadata": metadata(ownerReferences=[owner], **meta)}


def node(**meta: Any) -> Json:
    return {"metadata": metadata("n-1", **meta) | {"namespace": ""}, "spec": {}}


CASES = [
    (
        prepared("rollback"),
        (at_seven(), SETS),
        "rolls back deployment shop/cart from revision 7 (cart:2) to revision 6 (cart:1)",
        {"revision", "pod template", "restored revision", "restored pod template"},
    ),
    (
        prepared("rollout-restart"),
        (at_seven(),),
        "restarts the pods of deployment shop/cart at revision 7 (cart:2)",
        {"pod template"},
    ),
    (
        prepared("scale", by=1, min=1, max=5),
        (at_seven(), listing()),
        "scales deployment shop/cart from 2 to 3 replicas",
        {"replicas", "wanted replicas", "pod template"},
    ),
    (prepared("cordon", **NODE), (node(),), "cordons node n-1", set()),
    (prepared("uncordon", **NODE), (node(),), "uncordons node n-1", set()),
    (prepared("delete-pod"), (pod(),), "deletes pod shop/cart, of ReplicaSet cart-7d9", set()),
]


@pytest.mark.parametrize(("made", "answers", "says", "pins"), CASES)
def test_plan_shows_the_change_and_what_it_is_pinned_by(
    made: Prepared, answers: tuple[Json, ...], says: str, pins: set[str]
) -> None:
    found = observed(made, *answers)
    assert (found.summary, set(found.pins), found.managed) == (says, pins, "")
    assert found.subject.endswith(" (u-1)")


@pytest.mark.parametrize(("made", "answers", "says", "pins"), CASES)
def test_another_object_of_the_name_is_another_subject(
    made: Prepared, answers: tuple[Json, ...], says: str, pins: set[str]
) -> None:
    first, *more = answers
    new = {**first, "metadata": first["metadata"] | {"uid": "u-2"}}
    sets = (
        [listing(*(replica_set(at, one, uid="u-2") for at, one in ((7, TEMPLATE), (6, EARLIER))))]
        if SETS in more
        else more
    )
    assert observed(made, new, *sets).subject != observed(made, *answers).subject


@pytest.mark.parametrize(("made", "answers", "says", "pins"), CASES)
def test_object_of_gitops_is_shown_as_such(
    made: Prepared, answers: tuple[Json, ...], says: str, pins: set[str]
) -> None:
    first, *more = answers
    managed = {**first, "metadata": first["metadata"] | FLUX}
    assert observed(made, managed, *more).managed == "Flux Kustomization flux/shop"


def test_what_moves_on_its_own_is_no_pin() -> None:
    before = observed(prepared("rollback"), at_seven(), SETS)
    moved = workload(
        meta=numbered(7) | {"generation": 9, "resourceVersion": "99"}, replicas=5, status={"readyReplicas": 0}
    )
    assert observed(prepared("rollback"), moved, SETS) == before


def test_a_template_is_pinned_without_being_shown() -> None:
    secret = {"spec": {"containers": [{"image": "cart:1", "env": [{"name": "KEY", "value": "hunter22"}]}]}}
    sets = listing(replica_set(7, TEMPLATE), replica_set(6, secret))
    found = observed(prepared("rollback"), at_seven(), sets)
    assert "hunter22" not in str(found)
    assert found.pins != observed(prepared("rollback"), at_seven(), SETS).pins


def test_long_and_hostile_images_do_not_fill_the_plan() -> None:
    images = [{"image": "x" * 5_000}, {"image": "a\nb"}, {"image": 7}, *[{"image": f"i:{n}"} for n in range(9)]]
    odd = {"spec": {"containers": images}}
    says = observed(prepared("rollout-restart"), workload(meta=numbered(7), template=odd)).summary
    assert says.endswith(f"({'x' * 80}, i:0, i:1)")
    assert observed(prepared("rollout-restart"), workload(template={"spec": []})).summary.endswith(
        "deployment shop/cart"
    )
