"""Start a training job in a process of its own, wait for it, and end it after its time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from aiops.daemon.replay_process import MAX_LINE_BYTES, environment
from aiops.errors import AiopsError
from aiops.training.order import Found, Order

MODULE = "aiops.training.job"
ORDER, RESULT = "order.json", "result.json"
COMMAND = (sys.executable, "-P", "-m", MODULE)


class _Line(Struct):
    step: str = ""
    error: str = ""


def in_process(
    order: Order, report: Callable[[str], None] = lambda _: None, command: tuple[str, ...] = COMMAND
) -> list[Found]:
    """Do an order in a bounded process of the lowest priority; `report` gets its steps.

    Raise `AiopsError` with the reason of a failure.
    """
    with TemporaryDirectory(prefix="aiops-training-") as name:
        directory = Path(name)
        (directory / ORDER).write_bytes(msgspec.json.encode(order))
        with subprocess.Popen(
            [*command, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(os.environ),
            start_new_session=True,
        ) as process:
            ended: list[str] = []
            timer = threading.Timer(order.limits.seconds, _end, [process, ended])
            timer.daemon = True
            timer.start()
            try:
                problem = _followed(process, report)
                code = process.wait()
            finally:
                timer.cancel()
                process.kill()
        return _result(directory, code, ended[0] if ended else problem, order)


def _end(process: subprocess.Popen[bytes], ended: list[str]) -> None:
    ended.append("time")
    process.kill()


def _followed(process: subprocess.Popen[bytes], report: Callable[[str], None]) -> str:
    """Read the lines of a process to its end; return the error among them."""
    assert process.stdout is not None
    problem = ""
    while raw := process.stdout.readline(MAX_LINE_BYTES):
        try:
            line = msgspec.json.decode(raw, type=_Line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        problem = line.error or problem
        if line.step:
            report(line.step)
    return problem


def _result(directory: Path, code: int, problem: str, order: Order) -> list[Found]:
    if problem == "time":
        raise AiopsError(f"training: it took longer than {order.limits.seconds:g} s: use a shorter stretch (--since)")
    if code:
        what = f"its process was ended (signal {-code})" if code < 0 else f"its process ended with code {code}"
        raise AiopsError(f"training: {problem or what + ', probably for want of memory or time'}")
    try:
        return msgspec.json.decode((directory / RESULT).read_bytes(), type=list[Found])
    except (OSError, msgspec.MsgspecError) as error:
        raise AiopsError(f"training: its result cannot be read: {error}") from error
