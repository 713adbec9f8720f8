"""Models in a daemon: promoted, tried and rolled back through the journal, over a kill, and never by a sender."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.payloads.body_decoders import payload
from aiops_connectors.payloads.values import ValueDecoder

from aiops.app.build import build_daemon
from aiops.app.engine import build_engine
from aiops.config import Config, StateConfig
from aiops.daemon.control import MAX_BYTES, ControlServer
from aiops.daemon.control_handlers import handlers_of
from aiops.daemon.daemon import Daemon
from aiops.daemon.model_times import ModelTimes
from aiops.daemon.opening import Clocks
from aiops.engine.config import PlaybooksConfig
from aiops.model_state import canonical, swap_action, version_id
from aiops.ports import Received
from aiops.records import Action, Record, Tick
from aiops.records.decode import encode
from aiops.topology import Topology
from tests.daemons import bare_daemon
from tests.engine.serving.models import T0, bare, engine_of, record, state, storm


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], Daemon]:
    """Opens a daemon of small models on one state directory; closing without a snapshot is a kill."""

    def open_daemon() -> Daemon:
        return bare_daemon(Config(state=StateConfig(str(tmp_path))), lambda: engine_of(ModelTimes()), clock=lambda: T0)

    return open_daemon


def feed(daemon: Daemon, *records: Record) -> None:
    assert daemon.inbox.submit(Received(list(records))) is not None
    daemon.pump.round()


def known(daemon: Daemon, slot: str = "causes") -> dict[str, Any]:
    daemon.pump._account()
    found: dict[str, Any] = daemon.health()["models"][slot]
    return found


def test_life_of_a_model_survives_kills(opened: Callable[[], Daemon]) -> None:
    daemon = opened()
    found = state({"web-1": 3})
    shadow = version_id("learner", canonical(found))
    feed(daemon, record("shadow_model", "causes", found))
    feed(daemon, *storm(10.0, "db", "web"), Tick(ts=T0 + 70))
    told = known(daemon)
    assert (told["model"], told["version_id"], told["shadow"]["version_id"]) == ("causes", "", shadow)
    assert told["shadow"]["beside"]["compared"] == 1
    assert set(told["times"]) == {"serving", "shadow"}
    daemon.close()
    # Killed: the journal alone has it.
    daemon = opened()
    assert known(daemon)["shadow"] == told["shadow"]
    feed(daemon, bare("swap_model", "causes", **{"from": "shadow"}))
    served = daemon.pump.engine.serving.exported("causes", "serving")  # type: ignore[attr-defined]
    daemon.close()
    daemon = opened()
    told = known(daemon)
    assert (told["model"], told["version_id"], told["by"], told["shadow"]) == ("learner", shadow, "bob", None)
    assert daemon.pump.engine.serving.exported("causes", "serving") == served  # type: ignore[attr-defined]
    before = told["previous"]
    feed(daemon, bare("swap_model", "causes", **{"from": "previous"}))
    daemon.close()
    daemon = opened()
    assert known(daemon)["version_id"] == before
    metrics = daemon.metrics_text()
    assert f'aiops_model_serving_info{{slot="causes",id="{before}",by="bob"}} 1' in metrics
    daemon.close()


def test_metrics_have_the_counts_of_a_trial(opened: Callable[[], Daemon]) -> None:
    daemon = opened()
    feed(daemon, record("canary_model", "causes", state({"web-1": 3}), services="web"))
    feed(daemon, *storm(10.0, "db", "web"), Tick(ts=T0 + 70))
    daemon.pump._account()
    metrics = daemon.metrics_text()
    family = 'aiops_model_trial_incidents{slot="causes",role="canary",decides="canary",result='
    assert f'{family}"compared"}} 1' in metrics
    assert f'{family}"same_first"}} 0' in metrics
    assert 'aiops_model_trial_faults{slot="causes",role="canary"} 0' in metrics
    assert 'aiops_model_seconds_count{slot="causes",role="canary"}' in metrics
    daemon.close()


FORGED = [
    encode(record(verb, "causes", state(), services="db")) for verb in ("swap_model", "shadow_model", "canary_model")
]


@pytest.mark.parametrize("line", FORGED)
def test_record_of_a_model_is_refused_from_every_sender(line: bytes) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "x", "type": "y", "data": json.loads(line)}
    alert = b'{"kind":"alert","ts":1795000000,"name":"x"}'
    bodies = [
        line,
        b"[" + line + b"]",
        b"[" + alert + b"," + line + b"]",
        alert + b"\n" + line + b"\n",
        json.dumps(event).encode(),
        json.dumps([event]).encode(),
        json.dumps({**event, "data": line.decode()}).encode(),
        b"\xef\xbb\xbf" + line,
        line.replace(b'"kind":"action"', b'"kind":"alert","kind":"action"'),
        line.replace(b'"kind":"action"', b'"\\u006bind":"action"'),
    ]
    for name in ("archive", "cloudevents"):
        for body in bodies:
            for headers in ({}, {"content-type": "application/x-ndjson"}):
                taken = payload(name, None, 1 << 20).take(body, headers, T0)
                assert not [one for one in taken.records if isinstance(one, Action)], (name, body)
    for body in bodies:
        records: list[Record] = []
        ValueDecoder().decode(body, records, place="topic/0@1", now=T0)
        assert not [one for one in records if isinstance(one, Action)], body


class Host:
    """A daemon for the control socket, whose engine has one learner in each slot."""

    runs = delivery = None

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.engine = engine_of()

    def model_state(self, slot: str, role: str) -> tuple[str, str]:
        return self.engine.serving.exported(slot, role)


def test_state_is_handed_out_to_the_command_line(tmp_path: Path) -> None:
    host: Any = Host(tmp_path)
    server = ControlServer(host, handlers_of(host))
    found = server.answer(b'{"ask":"model_state","slot":"causes"}')
    assert found["algorithm"] == "learner"
    assert version_id("learner", found["state"]) == f"learner-{found['digest']}"
    assert "causes has none" in server.answer(b'{"ask":"model_state","slot":"causes","role":"canary"}')["error"]
    assert "expected one of detect" in server.answer(b'{"ask":"model_state","slot":"nose"}')["error"]
    assert "error" in server.answer(b'{"ask":"model_state","slot":"causes","role":"king"}')


def test_largest_record_of_a_model_fits_the_control_socket() -> None:
    pairs = [[f"payments-{number % 997}", f"type-{number % 89}", number] for number in range(40_000)]
    action = swap_action("causes", "causes", {"pairs": pairs}, T0)
    assert len(encode(action)) < MAX_BYTES


def test_engine_of_a_configuration_is_measured_and_can_make_its_models(tmp_path: Path) -> None:
    config = Config(state=StateConfig(str(tmp_path)), playbooks=PlaybooksConfig(use=""))
    times = ModelTimes()
    made = lambda: build_engine(config, Topology(), meter=times)  # noqa: E731
    daemon = build_daemon(config, made, (), Clocks(lambda: T0), topology=Topology())
    feed(daemon, *storm(10.0, "db", "web"), Tick(ts=T0 + 70))
    assert times.of("causes")["serving"]["count"] >= 1
    algorithm, text = build_engine(config, Topology()).serving.exported("causes", "serving")
    feed(daemon, swap_action("causes", algorithm, json.loads(text), T0 + 71))
    assert known(daemon)["version_id"] == version_id(algorithm, text)
    daemon.close()
