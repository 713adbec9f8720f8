"""Only names that the API server itself accepts reach a URL."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.kubernetes.names import namespace_name, object_name
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError

HOSTILE: list[Any] = [
    "", ".", "..", "../kube-system", "a/b", "a%2Fb", "a%2e%2e", "a?dryRun=None", "a#b", "a b", "a\n", "a\x00", "A",
    "-a", "a-", "a..b", ".a", "a.", "ａ", "pöd", "a;b", "a,b", "{{ x }}", "{uid}", "a" * 254, "x" * 5_000_000, 7, True,
    None, 1.5,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: str(name)[:12])
def test_hostile_name_is_refused(name: Any) -> None:
    for check in (object_name, namespace_name):
        with pytest.raises(UsageError) as caught:
            check(name, "object")
        assert str(caught.value).startswith("object: expected the name of a Kubernetes ")
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", ["a", "0", "cart-7d9", "node-1.example.org", "a" * 253])
def test_name_of_an_object_passes(name: str) -> None:
    assert object_name(name, "object") == name


def test_namespace_is_one_short_label() -> None:
    assert namespace_name("kube-system", "namespace") == "kube-system"
    for name in ("a.b", "a" * 64):
        with pytest.raises(UsageError):
            namespace_name(name, "namespace")


@settings(max_examples=60)
@given(st.text(max_size=20))
def test_what_passes_needs_no_quoting(name: str) -> None:
    try:
        found = object_name(name, "object")
    except UsageError:
        return
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert ".." not in found
    assert found[0] not in "-."
