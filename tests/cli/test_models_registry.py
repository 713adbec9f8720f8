"""Which versions are in use: by the daemon's health, and without a daemon by the last promotion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aiops.cli import models_registry
from aiops.cli.models_registry import in_use, plain, serving
from aiops.errors import UsageError
from aiops.lifecycle import Registry, Version
from tests.lifecycle.test_registry import added, promote


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        (
            {"detect": {"model": "pca", "digest": "1f"}, "causes": {"model": "causes", "digest": "2f"}},
            {"detect": "pca-1f"},
        ),
        ({"causes": {"model": "causes", "digest": "2f", "version_id": "causes-3f"}}, {"causes": "causes-3f"}),
        ({"causes": {"model": "causes", "digest": "2f", "version_id": ""}}, {}),
    ],
)
def test_health_names_the_versions_in_use(
    models: dict[str, Any], expected: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(models_registry, "send_request", lambda *_: {"health": {"models": models}})
    assert in_use(None, None, tmp_path) == expected


def test_without_a_daemon_the_last_promotion_serves(tmp_path: Path) -> None:
    assert in_use(None, None, tmp_path) is None
    registry = Registry(tmp_path)
    first, second = added(registry, 1), added(registry, 2)
    promote(registry, first)
    assert serving(registry, "causes", None) == registry.get(first.id)
    assert serving(registry, "causes", {"causes": second.id}) == registry.get(second.id)
    assert serving(registry, "causes", {}) is None


def test_json_has_every_field() -> None:
    assert set(plain(Version(id="a", slot="causes", algorithm="x"))) == set(Version.__struct_fields__)


def test_a_registry_is_that_of_the_options(tmp_path: Path) -> None:
    assert models_registry.registry_of(tmp_path / "own", None, None, None).directory == tmp_path / "own"
    assert models_registry.registry_of(None, None, None, tmp_path).directory == tmp_path / "models"
    with pytest.raises(UsageError):
        models_registry.registry_of(None, None, None, tmp_path).get("x")
