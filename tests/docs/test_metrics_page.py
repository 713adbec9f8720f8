"""docs/metrics.md names every metric of a running daemon with its type and labels, and no other."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.file import FileSource
from aiops_connectors.http.source import HttpSource
from aiops_connectors.kafka.source import KafkaSource
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aiops.app.build import build_daemon
from aiops.app.engine import build_engine
from aiops.config import Config, EndpointConfig, StateConfig
from aiops.daemon.model_times import ModelTimes
from aiops.daemon.opening import Clocks
from aiops.model_state import swap_action
from aiops.ports import DeadLetter, Inbox, Position, Received
from aiops.records import Alert
from aiops.respond.config import RespondConfig, SystemConfig
from aiops.telemetry.otel import tracing_to
from aiops.topology import Topology

DEADLINE_S = 120.0
ROOT = Path(__file__).parents[2]
_SAMPLE = re.compile(r"^(\w+?)(?:\{(.*)\})? \S+$")
_LABEL = re.compile(r'(\w+)="(?:[^"\\]|\\.)*"')
Family = tuple[str, frozenset[str]]
Tables = Callable[[str], list[Any]]


class Handing:
    """A source that hands over a storm and something that is no record, and has messages left to read."""

    name = "handing"

    def __init__(self) -> None:
        self._ended = threading.Event()

    def run(self, inbox: Inbox, position: Position | None) -> None:
        now = time.time()
        alerts = [
            Alert(ts=now + 5.0, name=name, severity="critical", entity="checkout")
            for name in ("Errors", "Latency", "Down")
        ]
        # An onset that cannot be is counted by its sender.
        alerts[0].starts_at = now + 1e9
        letter = DeadLetter(self.name, "$", "expected an alert", b"?", now)
        assert inbox.put(Received([*alerts], rejected=[letter]), DEADLINE_S)
        self._ended.wait()

    def stop(self) -> None:
        self._ended.set()

    def health(self) -> Mapping[str, Any]:
        now: dict[str, Any] = {"paused": False, "partitions": 1, "offset": 0, "waiting": 0, "held": 0, "held_bytes": 0}
        now["unknown"] = {"status": {"purple": 1}, "severity": {"5": 2}, "ignored": {"note": 1}}
        return {
            "ok": True,
            "detail": "",
            "lag": {"alerts/0": 3},
            "records": 3,
            "counts": ["records"],
            **now,
        }


def families(text: str) -> dict[str, Family]:
    """Name to type and label names."""
    kinds = dict(line.split(" ")[2:4] for line in text.splitlines() if line.startswith("# TYPE "))
    labels: dict[str, set[str]] = defaultdict(set)
    for line in text.splitlines():
        found = _SAMPLE.match(line)
        if line.startswith("#") or found is None:
            continue
        name = found[1]
        if name not in kinds:
            name = re.sub(r"_(bucket|sum|count)$", "", name)
        labels[name] |= set(_LABEL.findall(found[2] or "")) - {"le"}
    assert set(labels) <= set(kinds)
    return {name: (kind, frozenset(labels[name])) for name, kind in kinds.items()}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The metrics of a daemon with a source, an incident and an endpoint that nobody listens at."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NOBODY_URL", "http://127.0.0.1:9/")
        config = Config(
            state=StateConfig(str(tmp_path_factory.mktemp("state"))),
            respond=RespondConfig(systems={"prometheus": SystemConfig("prometheus", "https://prometheus.example")}),
            endpoints=[EndpointConfig("nobody", "webhook", {"url_env": "NOBODY_URL", "allow_private": True})],
        )
        tracing = tracing_to(InMemorySpanExporter(), config.tracing)
        topology = Topology()
        make = partial(build_engine, config, topology, meter=ModelTimes())
        daemon = build_daemon(config, make, [Handing()], Clocks(), topology=topology, tracing=tracing)
        daemon.start()
        try:
            algorithm, state = daemon.model_state("similar", "serving")
            tried = swap_action("similar", algorithm, json.loads(state), 0.0, "shadow_model")
            assert daemon.runs is not None
            # Decisions, as the trail counts them.
            history = daemon.runs._runner.history
            history.counts["restart-worker", "started"] = history.shadow_counts["restart-worker", "would_run"] = 1
            answer = daemon.act(tried, DEADLINE_S)
            assert answer is not None
            assert answer.applied, answer.reason
            deadline = time.monotonic() + DEADLINE_S
            while not families(found := daemon.metrics_text())["aiops_outbox_rows"][1]:
                assert time.monotonic() < deadline, "no incident was told"
                time.sleep(0.05)
            yield found
        finally:
            daemon.stop()


@pytest.fixture(scope="module")
def page(text: str) -> dict[str, Family]:
    """Name to type and label names."""
    return families(text)


def test_names_and_types_are_as_prometheus_asks(text: str) -> None:
    """The rules of `promtool check metrics`, and that units are the base ones."""
    kinds = dict(line.split(" ")[2:4] for line in text.splitlines() if line.startswith("# TYPE "))
    helps = {line.split(" ")[2] for line in text.splitlines() if re.match(r"# HELP \w+ \S", line)}
    assert set(kinds) == helps
    assert len(kinds) == text.count("# TYPE ")
    for name, kind in kinds.items():
        assert re.fullmatch(r"aiops_[a-z][a-z0-9_]*[a-z0-9]|alertmanager_build_info", name), name
        assert name.endswith("_total") == (kind == "counter"), name
        assert not re.search(r"_(gauge|counter|histogram|summary|bucket|sum|count)$", name), name
        assert not re.search(r"_(ms|msec|milliseconds|minutes|hours|days|kb|mb|gb|kilobytes|percent|s)(_|$)", name), (
            name
        )
        assert kind != "histogram" or name.endswith("_seconds"), name
    samples = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(samples) == len(set(samples))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing(text: str) -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_family_stands_together_under_its_type(text: str) -> None:
    current, seen = "", set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
            assert current not in seen
            seen.add(current)
        elif not line.startswith("#"):
            assert re.match(rf"{current}(_bucket|_sum|_count)?[{{ ]", line), line


def test_counters_of_the_sources_that_ship_only_grow() -> None:
    """What goes up and down is a gauge of its own name, and everything else is counted."""
    now = {"waiting", "held", "held_bytes", "offset", "partitions", "paused", "lag_total", "connected", "refused", "ok"}
    for source in (
        HttpSource("http", {"port": 0}),
        FileSource("file", {"path": "alerts.jsonl"}),
        KafkaSource("kafka", {"bootstrap_servers": ["localhost:9"], "topics": ["alerts"]}),
    ):
        told = source.health()
        numbers = {key for key, one in told.items() if isinstance(one, int | float)}
        assert numbers == set(told["counts"]) | (numbers & now)
        assert not set(told["counts"]) & now


def test_every_metric_with_its_type_and_labels(page: dict[str, Family], tables: Tables) -> None:
    rows = [row for table in tables("metrics.md") if table.header[0] == "metric" for row in table.rows]
    told = {row[0].strip("`"): (row[1], frozenset(re.findall(r"`(\w+)`", row[2]))) for row in rows}
    assert len(told) == len(rows)
    assert told == page


def test_every_meaning_is_a_sentence(tables: Tables) -> None:
    rows = [row for table in tables("metrics.md") if table.header[0] == "metric" for row in table.rows]
    assert [row for row in rows if not row[3].endswith((".", ".)"))] == []


def test_every_metric_named_elsewhere_exists(page: dict[str, Family]) -> None:
    """Pages, alert rules and dashboards."""
    suffixed = {f"{name}_{end}" for name, (kind, _) in page.items() if kind == "histogram" for end in _ENDS}
    known = {*page, *suffixed, "aiops_connectors", "aiops_engine", "aiops_models"}
    places = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").rglob("*")]
    unknown = []
    for place in places:
        if place.is_file():
            named = set(re.findall(r"\baiops_[a-z_]+\b", place.read_text(encoding="utf-8")))
            unknown += [f"{place.relative_to(ROOT)}: {name}" for name in sorted(named - known)]
    assert not unknown, "\n".join(map(str, unknown))


_ENDS = ("bucket", "sum", "count")
