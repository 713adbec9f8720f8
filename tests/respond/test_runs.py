"""Guarded runs against a real HTTP server: what is sent, what is refused, and what a crash leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.respond.audit import Trail, verify
from aiops.respond.guards import Policy, World
from aiops.respond.runs import Gate, Reply, Runner
from aiops.step_kinds.exchange import Request

TEAM = ["team:platform"]


class Server:
    """A server that remembers what came and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, Any, str]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                plain = json.loads(body) if body else None
                outer.got.append((self.command, self.path, plain, self.headers.get("Idempotency-Key", "")))
                self.send_response(outer.answers.pop(0) if outer.answers else 202)
                self.end_headers()

            do_GET = do_POST = do_any  # noqa: N815

            def log_message(self, *args: object) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


class Client:
    """The transport of these tests: the standard library, no redirects needed."""

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        body = msgspec.json.encode(request.body) if request.body is not None else None
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        asked = urllib.request.Request(request.url, body, headers, method=request.method)
        try:
            with urllib.request.urlopen(asked, timeout=request.timeout_s) as answer:
                return Reply(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code)
        except OSError as error:
            return Reply(error=str(error))


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


class Bench:
    """A runner over a fresh trail, and the moves of a person."""

    def __init__(self, samples: SimpleNamespace, server: Server, path: Path, **changes: Any) -> None:
        step = {
            "kind": "http",
            "name": "restart",
            "url": server.url,
            "path": ["{{ host }}", "restart"],
            "body": {"host": "{{ host }}"},
        }
        self.playbook = samples.playbook(**{"steps": [step], **changes})
        self.view, self.trail = samples.view("WorkerHangs"), Trail(path)
        self.now = samples.at + 120
        self.runner = Runner(
            {"restart-worker": self.playbook},
            samples.topology(),
            self.trail,
            Client(),
            Policy(ceiling="approve"),
            now=self.now,
            sleep=lambda _: None,
        )

    def world(self, **changes: Any) -> World:
        return World(self.now, **changes)

    def release(self) -> None:
        self.runner.switch("global", False, "ann", self.now)

    def approve(self) -> None:
        self.runner.approve(self.view, "restart-worker", self.world(), "ann", TEAM)

    def run(self) -> Any:
        return self.runner.run(self.view, "restart-worker", self.world(), "ann")


@pytest.fixture
def bench(samples: SimpleNamespace, server: Server, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(samples, server, tmp_path / "audit.jsonl")
    yield made
    made.trail.close()


def test_what_a_run_writes_has_its_own_time(samples: SimpleNamespace, server: Server, tmp_path: Path) -> None:
    """Each answer takes seven seconds, and the host's clock is set back by an hour during the last one."""
    bench = Bench(samples, server, tmp_path / "audit.jsonl")
    now = start = bench.now

    class Slow(Client):
        def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
            nonlocal now
            now += 7.0 if len(server.got) < 2 else -3600.0
            return super().send(request, idempotency_key, gate)

    bench.trail.close()
    step = {"kind": "http", "url": server.url, "path": ["{{ host }}"]}
    steps = [{**step, "name": name} for name in ("drain", "restart", "undrain")]
    trail = Trail(bench.trail.path)
    books = {"restart-worker": samples.playbook(steps=steps)}
    bench.runner = Runner(
        books, samples.topology(), trail, Slow(), Policy(ceiling="approve"), now=start, clock=lambda: now
    )
    bench.release()
    bench.approve()
    assert bench.run().state == "executed"
    trail.close()
    lines = [json.loads(line) for line in trail.path.read_text().splitlines()]
    told = [(line["kind"], line["at"] - start) for line in lines[-8:]]
    assert told == [
        ("run", 0.0),
        ("intent", 0.0),
        ("outcome", 7.0),
        ("intent", 7.0),
        ("outcome", 14.0),
        ("intent", 14.0),
        ("outcome", 0.0),
        ("ended", 0.0),
    ]
    assert verify(trail.path).problem is None


def test_the_kill_switch_is_engaged_at_first_start(bench: Bench, server: Server) -> None:
    plan = bench.runner.plan(bench.view, "restart-worker", bench.world())
    assert plan.sentence == "would run restart-worker on worker-1; refused because kill switch global is engaged"
    assert bench.run().run is None
    assert server.got == []


def test_a_dry_run_shows_every_guard_in_order_and_writes_nothing(bench: Bench) -> None:
    before = bench.trail.path.read_bytes()
    plan = bench.runner.plan(bench.view, "restart-worker", bench.world())
    assert [check.guard for check in plan.checks][:4] == ["kill switch", "audit trail", "mode", "system"]
    assert {check.guard for check in plan.checks if check.state == "refused"} == {"kill switch", "approval"}
    assert plan.requests[0].url.endswith("/worker-1/restart")
    assert bench.trail.path.read_bytes() == before


def test_approved_and_run_once(bench: Bench, server: Server) -> None:
    bench.release()
    bench.approve()
    done = bench.run()
    assert done.state == "executed"
    [(method, path, body, key)] = server.got
    assert (method, path, body) == ("POST", "/worker-1/restart", {"host": "worker-1"})
    assert len(key) == 64
    kinds = [json.loads(line)["kind"] for line in bench.trail.path.read_text().splitlines()]
    assert kinds == ["switch", "switch", "approval", "run", "intent", "outcome", "ended"]
    again = bench.run()
    assert again.run is None
    assert len(server.got) == 1


def test_an_approval_is_for_one_plan_and_a_time(bench: Bench) -> None:
    bench.release()
    bench.approve()
    bench.now += 16 * 60
    assert "0 of 1 approvals" in bench.run().sentence


def test_rejection_is_in_the_trail_and_ends_an_approval(bench: Bench, server: Server) -> None:
    bench.release()
    bench.approve()
    bench.runner.reject(bench.view.id, bench.playbook.name, "bob", bench.now, "schema changed")
    last = [json.loads(line) for line in bench.trail.path.read_text().splitlines()][-1]
    assert (last["kind"], last["data"]["actor"], last["data"]["reason"]) == ("rejected", "bob", "schema changed")
    assert "0 of 1 approvals" in bench.run().sentence
    assert server.got == []
    bench.approve()
    assert bench.run().state == "executed"
    with pytest.raises(UsageError, match="needs the name of its person"):
        bench.runner.reject(bench.view.id, bench.playbook.name, "", bench.now, "no")


@pytest.mark.parametrize(("actor", "groups"), [("", TEAM), ("bob", []), ("bob", ["team:other"])])
def test_not_everybody_may_approve(bench: Bench, actor: str, groups: list[str]) -> None:
    bench.release()
    with pytest.raises(UsageError, match="may not approve"):
        bench.runner.approve(bench.view, "restart-worker", bench.world(), actor, groups)


def test_what_another_guard_refuses_cannot_be_approved(bench: Bench) -> None:
    bench.release()
    with pytest.raises(UsageError, match="storm"):
        bench.runner.approve(bench.view, "restart-worker", bench.world(open_incidents=99), "ann", TEAM)


@pytest.mark.parametrize(
    ("changes", "world", "reason"),
    [
        ({"guards": {"maxTargets": {"count": 1, "percent": 10}}}, {}, "1 of 3 members"),
        ({"guards": {"protect": ["worker-*"]}}, {}, "protected"),
        ({"guards": {"allow": ["db-*"]}}, {}, "not among the allowed"),
        ({"guards": {"minAge": "1h"}}, {}, "may settle"),
        ({}, {"maintenance": "weekly window"}, "maintenance"),
        ({"mode": "suggest"}, {}, "a person carries it out"),
        ({"steps": [{"kind": "manual", "name": "press the button"}]}, {}, "is manual"),
    ],
)
def test_refusals(
    samples: SimpleNamespace,
    server: Server,
    tmp_path: Path,
    changes: dict[str, Any],
    world: dict[str, Any],
    reason: str,
) -> None:
    bench = Bench(samples, server, tmp_path / "audit.jsonl", **changes)
    bench.release()
    plan = bench.runner.plan(bench.view, "restart-worker", bench.world(**world))
    assert any(check.state == "refused" and reason in check.reason for check in plan.checks)
    bench.trail.close()


def test_low_confidence_and_no_cause_refuse(bench: Bench, samples: SimpleNamespace) -> None:
    bench.release()
    for view, guard in (
        (samples.view("WorkerHangs", confidence="low"), "confidence"),
        (samples.view("WorkerHangs", cause=None), "targets"),
    ):
        plan = bench.runner.plan(view, "restart-worker", bench.world())
        assert guard in {check.guard for check in plan.checks if check.state == "refused"}


def test_a_failed_step_rolls_back_and_opens_the_breaker(
    samples: SimpleNamespace, server: Server, tmp_path: Path
) -> None:
    rollback = [{"kind": "webhook", "name": "undo", "url": server.url + "/undo", "body": {"host": "{{ host }}"}}]
    bench = Bench(samples, server, tmp_path / "audit.jsonl", rollback=rollback)
    bench.release()
    bench.approve()
    server.answers = [500]
    done = bench.run()
    assert done.state == "failed"
    assert [path for _, path, _, _ in server.got] == ["/worker-1/restart", "/undo"]
    bench.view = samples.view("WorkerHangs", entity="worker-2", cause="worker-2", incident="i2")
    plan = bench.runner.plan(bench.view, "restart-worker", bench.world())
    assert any(check.guard == "breaker" and check.state == "refused" for check in plan.checks)
    bench.now += 11 * 60
    plan = bench.runner.plan(bench.view, "restart-worker", bench.world())
    assert all(check.state == "passed" for check in plan.checks if check.guard == "breaker")
    bench.trail.close()


def test_only_idempotent_steps_are_tried_again(samples: SimpleNamespace, server: Server, tmp_path: Path) -> None:
    step = {
        "kind": "webhook",
        "name": "tell",
        "url": server.url + "/tell",
        "body": {"host": "{{ host }}"},
        "attempts": 3,
        "idempotent": True,
    }
    bench = Bench(samples, server, tmp_path / "audit.jsonl", steps=[step])
    bench.release()
    bench.approve()
    server.answers = [503, 503, 202]
    assert bench.run().state == "executed"
    assert len({key for _, _, _, key in server.got}) == 1
    assert len(server.got) == 3
    bench.trail.close()


def test_a_precondition_that_fails_sends_nothing_else(samples: SimpleNamespace, server: Server, tmp_path: Path) -> None:
    asked = [
        {
            "kind": "http",
            "name": "is it there",
            "method": "GET",
            "url": server.url,
            "path": ["{{ host }}"],
            "expect": {"status": [200]},
        }
    ]
    bench = Bench(samples, server, tmp_path / "audit.jsonl", preconditions=asked)
    bench.release()
    bench.approve()
    server.answers = [404]
    assert "precondition" in bench.run().sentence
    assert [method for method, *_ in server.got] == ["GET"]
    bench.trail.close()


def test_verification_settles_a_run(bench: Bench) -> None:
    bench.release()
    bench.approve()
    run = bench.run().run
    [(waiting, until)] = bench.runner.unsettled()
    assert (waiting.id, until) == (run, bench.now)
    bench.runner.settle(run, cleared=False, now=bench.now + 60)
    assert bench.runner.history.runs[run].state == "failed"
    assert bench.runner.unsettled() == []
    with pytest.raises(UsageError):
        bench.runner.settle(run, cleared=True, now=bench.now + 61)


def test_a_run_that_a_crash_cut_off_is_unknown_and_never_repeated(
    samples: SimpleNamespace, server: Server, tmp_path: Path
) -> None:
    """The process dies after the request was sent and before its answer was written down."""
    path = tmp_path / "audit.jsonl"
    code = f"""
        import os, sys, msgspec
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import conftest
        from aiops.respond.audit import Trail
        from aiops.respond.guards import Policy, World
        from aiops.respond.runs import Runner

        class Dies:
            def send(self, request, idempotency_key, gate):
                os._exit(9)

        at = conftest.AT + 120
        book = conftest.playbook()
        trail, policy = Trail(Path({str(path)!r})), Policy(ceiling="approve")
        runner = Runner({{"restart-worker": book}}, conftest.topology(), trail, Dies(), policy, now=at)
        view = conftest.view("WorkerHangs")
        runner.switch("global", False, "ann", at)
        runner.approve(view, "restart-worker", World(at), "ann", ["team:platform"])
        runner.run(view, "restart-worker", World(at), "ann")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 9, done.stderr
    bench = Bench(samples, server, path)
    [run] = bench.runner.history.runs.values()
    assert run.state == "unknown"
    bench.now += 48 * 3600
    bench.runner.switch("playbook:restart-worker", False, "ann", bench.now)
    plan = bench.runner.plan(bench.view, "restart-worker", bench.world())
    assert any(check.guard == "repeated" and check.state == "refused" for check in plan.checks)
    assert bench.run().run is None
    assert server.got == []
    assert verify(path).problem is None
    bench.trail.close()


def test_the_switch_of_a_playbook_is_engaged_after_an_unknown_run(bench: Bench, samples: SimpleNamespace) -> None:
    class Breaks:
        def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
            raise RuntimeError("the transport broke")

    bench.release()
    bench.approve()
    bench.runner._transport = Breaks()
    with pytest.raises(RuntimeError):
        bench.run()
    assert bench.runner.history.engaged(["playbook:restart-worker"]) == "playbook:restart-worker"
