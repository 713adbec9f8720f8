"""Whatever happens in whatever order, the limits of runs hold."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.respond.audit import Trail, verify
from aiops.respond.guards import Policy, World
from aiops.respond.runs import Gate, Reply, Runner
from aiops.step_kinds.exchange import Request

MAX_RUNS, PER_S, COOLDOWN_S = 2, 3600.0, 600.0
MOVE = st.tuples(
    st.sampled_from(["run", "run", "run", "run", "run", "engage", "release", "release", "settle"]),
    st.integers(1, 4),  # worker; few, so that the same comes again
    st.integers(1, 8),  # incident
    st.sampled_from([1.0, 1.0, 100.0, 650.0, 1900.0]),  # seconds that pass
    st.sampled_from([None, None, None, [], ["worker-1", "worker-2"], ["*"], ["worker-3"]]),  # targets
)


class Counts:
    """Accepts everything, and notes when and in which state of the switch it was asked."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, str]] = []
        self.now, self.released = 0.0, False

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        assert self.released, "sent while the kill switch was engaged"
        self.sent.append((self.now, request.body["host"]))
        return Reply(202 if len(self.sent) % 7 else 500)


@settings(max_examples=70, deadline=None)
@given(moves=st.lists(MOVE, min_size=10, max_size=40))
def test_limits_hold(samples: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory, moves: list[tuple]) -> None:  # type: ignore[type-arg]
    path = tmp_path_factory.mktemp("runs") / "audit.jsonl"
    client, trail = Counts(), Trail(path)
    book = samples.playbook()
    now = samples.at + 100
    runner = Runner({book.name: book}, samples.topology(4), trail, client, Policy(ceiling="approve"), now=now)
    runner.switch("global", False, "ann", now)
    client.released = True
    for move, worker, incident, wait, targets in moves:
        now += wait
        client.now = now
        if move in ("engage", "release"):
            client.released = move == "release"
            runner.switch("global", move == "engage", "ann", now)
        elif move == "settle":
            for run in list(runner.history.runs.values()):
                if run.state == "executed":
                    runner.settle(run.id, cleared=worker > 2, now=now)
        elif move == "run":
            host = f"worker-{worker}"
            view = samples.view("WorkerHangs", entity=host, cause=host, incident=f"i{incident}")
            world = World(now)
            with contextlib.suppress(UsageError):
                runner.approve(view, book.name, world, "ann", ["team:platform"], targets)
            done = runner.run(view, book.name, world, "ann", targets)
            assert client.released or done.run is None, "a run while the kill switch was engaged"
    trail.close()
    _check(runner, client)
    assert verify(path).problem is None


def _check(runner: Runner, client: Counts) -> None:
    runs = list(runner.history.runs.values())
    for run in runs:
        assert len(run.targets) == 1, "no target, or more than allowed"
        assert run.targets[0].startswith("worker-")
        inside = [other for other in runs if run.started_at - PER_S < other.started_at <= run.started_at]
        assert len(inside) <= MAX_RUNS
        same = [other for other in runs if other is not run and other.targets == run.targets]
        assert all(abs(other.started_at - run.started_at) >= COOLDOWN_S for other in same)
        assert sum(other.incident == run.incident for other in same) == 0, "the same incident twice"
    keys = [key for run in runs for key in run.keys]
    assert len(keys) == len(set(keys)) == len(client.sent)


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(0, 40), moves=st.integers(1, 3))
def test_the_state_is_what_the_trail_says(
    samples: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory, cut: int, moves: int
) -> None:
    """A trail that ends anywhere between two lines opens; nothing that was begun is done again."""
    path = tmp_path_factory.mktemp("runs") / "audit.jsonl"
    book, now = samples.playbook(), samples.at + 100
    client = Counts()
    client.released = True
    trail = Trail(path)
    runner = Runner({book.name: book}, samples.topology(4), trail, client, Policy(ceiling="approve"), now=now)
    runner.switch("global", False, "ann", now)
    for number in range(moves):
        now += 2000
        host = f"worker-{number + 1}"
        view = samples.view("WorkerHangs", entity=host, cause=host, incident=f"i{number}")
        with contextlib.suppress(UsageError):
            runner.approve(view, book.name, World(now), "ann", ["team:platform"])
        runner.run(view, book.name, World(now), "ann")
    trail.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: max(1, len(lines) - cut)]))
    begun = {line for line in path.read_text().splitlines() if '"kind":"intent"' in line}
    trail = Trail(path)
    again = Runner({book.name: book}, samples.topology(4), trail, client, Policy(ceiling="approve"), now=now)
    assert again.history.active() == []
    keys = {key for run in again.history.runs.values() for key in run.keys}
    assert len(keys) == len(begun)
    assert all(run.state != "running" for run in again.history.runs.values())
    trail.close()
