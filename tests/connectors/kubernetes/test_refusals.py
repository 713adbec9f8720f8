"""Objects of an operator, and those that are too large or being deleted, are left alone."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.kubernetes.form import Subject
from aiops_connectors.kubernetes.objects import (
    Metadata,
    Owner,
    Refused,
    Workload,
    WorkloadSpec,
    WorkloadStatus,
)
from aiops_connectors.kubernetes.refusals import refuse_deleted, refuse_workload

CART = Subject("deployment", "shop", "cart")


def metadata(**given: Any) -> Metadata:
    return Metadata("cart", "u-1", "7", "shop", **given)


def test_object_that_is_being_deleted_is_refused() -> None:
    with pytest.raises(Refused, match=r"^changed: .*being deleted"):
        refuse_deleted(CART, metadata(deletion_timestamp="2026-01-01T00:00:00Z"))


def test_workload_of_an_operator_is_refused() -> None:
    owner = Owner("Kafka", "main", "u-0", controller=True)
    with pytest.raises(Refused, match=r"^owned: .*controlled by Kafka main"):
        refuse_workload(CART, Workload(metadata(owner_references=[owner])), 10)
    refuse_workload(CART, Workload(metadata(owner_references=[Owner("Kafka", "main", "u-0")])), 10)


@pytest.mark.parametrize(("replicas", "scheduled", "refused"), [(10, 0, False), (11, 0, True), (1, 11, True)])
def test_large_workload_is_refused(replicas: int, scheduled: int, refused: bool) -> None:
    found = Workload(metadata(), WorkloadSpec(replicas=replicas), WorkloadStatus(desired_number_scheduled=scheduled))
    if not refused:
        refuse_workload(CART, found, 10)
        return
    with pytest.raises(Refused, match=r"^too-many-replicas: .*has 11 replicas; at most 10"):
        refuse_workload(CART, found, 10)
