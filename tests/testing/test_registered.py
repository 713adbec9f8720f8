"""Every plugin that is registered here, shipped or not, passes the kit of its kind; one without a kit fails."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.catalogue import Catalogue

from aiops import registry
from aiops.testing.kafka_fixture import AnyBroker
from aiops.testing.mappings import check_mapping
from aiops.testing.registered import check_model, check_registered, registered
from aiops.testing.sources import SourceExample

SAMPLES = Path(__file__).parents[1] / "connectors" / "samples"
MAPPINGS = [one.name for one in Catalogue().connectors() if one.mapping]
# Those that need a server of their own run where it is: tests/kafka, tests/databases.
OTHERS = [(group, name) for group, name in registered() if name not in ("kafka", "postgresql")]


@pytest.mark.slow
@pytest.mark.parametrize(("group", "name"), OTHERS, ids=[f"{group}-{name}" for group, name in OTHERS])
def test_a_registered_plugin_passes_its_kit(group: str, name: str, tmp_path: Path) -> None:
    check_registered(group, name, tmp_path)


@pytest.mark.kafka
@pytest.mark.parametrize("group", ["aiops.sources", "aiops.sinks"])
def test_the_kafka_plugins_pass_their_kits(
    group: str, kafka: AnyBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIOPS_TEST_KAFKA", kafka.bootstrap)
    check_registered(group, "kafka", tmp_path)


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_mapping_passes_its_kit(name: str) -> None:
    samples = SAMPLES / f"{name}.yaml"
    assert samples.is_file(), f"mapping {name!r} has no kit: expected its samples in {samples}"
    check_mapping(name, samples)


class Bare:
    """A plugin that declares nothing."""


class Kept:
    """A source that keeps every alert for ever."""

    @staticmethod
    @contextmanager
    def example(directory: Path) -> Any:
        yield SourceExample(Kept, lambda source, names: None)  # type: ignore[arg-type]

    name = ""

    def health(self) -> dict[str, Any]:
        return {"ok": True, "detail": ""}


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins of somebody else: one without a kit in each group, and a source that fails its kit."""
    points = [EntryPoint("bare", f"{__name__}:Bare", group) for group in ("aiops.sources", "aiops.sinks")]
    points.append(EntryPoint("kept", f"{__name__}:Kept", "aiops.sources"))
    monkeypatch.setattr(EntryPoint, "load", lambda self: globals()[self.value.partition(":")[2]])
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints(points).select(group=group))


@pytest.mark.usefixtures("third_party")
@pytest.mark.parametrize("group", ["aiops.sources", "aiops.sinks"])
def test_a_plugin_without_a_kit_fails(group: str, tmp_path: Path) -> None:
    assert (group, "bare") in registered()
    with pytest.raises(AssertionError, match="'bare' has no kit"):
        check_registered(group, "bare", tmp_path)


@pytest.mark.usefixtures("third_party")
def test_a_plugin_that_breaks_a_promise_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="expected a name"):
        check_registered("aiops.sources", "kept", tmp_path)


def test_a_model_of_no_port_has_no_kit() -> None:
    with pytest.raises(AssertionError, match="expected the methods of one of Ranker, Suggester, Similar"):
        check_model(Bare, "bare")
