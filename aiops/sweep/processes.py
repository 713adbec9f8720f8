"""Replays in parallel processes; the results are in the order of the tasks."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from aiops.daemon.gc_tuning import settle
from aiops.errors import AiopsError, UsageError
from aiops.sweep.run import Outcome, Runner, Task, run

Progress = Callable[[Outcome], None]


def cores() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(tasks: Sequence[Task], jobs: int, progress: Progress, work: Runner = run) -> list[Outcome]:
    """Run the tasks in up to `jobs` processes; `progress` receives each outcome as it arrives.

    `work` is a function of a module. Raise `AiopsError` with the setting whose replay failed, and stop all others.
    """
    if jobs <= 1 or len(tasks) <= 1:
        return [_one(task, progress, work) for task in tasks]
    # Started anew instead of forked: a fork copies the threads' locks, but not the threads.
    context = multiprocessing.get_context("spawn")
    running = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), context, initializer=_begin)
    try:
        with _interrupts_held():
            found = {pool.submit(_work, work, task): task for task in tasks}
        _collect(found, progress)
        return [future.result() for future in found]
    except BaseException:
        # Ctrl-C and faults alike: what runs is stopped at once, and not after its replay.
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - running:
            process.terminate()
        raise
    finally:
        pool.shutdown()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Start processes with Ctrl-C blocked, which each inherits; the parent gets it afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Start a worker; an interrupt of the terminal reaches all processes, and the parent handles it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settle()


def _work(work: Runner, task: Task) -> Outcome:
    """Do a task in a worker; errors of every kind must survive the way back, which needs plain arguments."""
    try:
        return work(task)
    except UsageError as error:
        raise UsageError(str(error)) from None
    except AiopsError as error:
        raise AiopsError(str(error)) from None
    except Exception as error:
        raise AiopsError(f"{type(error).__name__}: {error}") from None


def _one(task: Task, progress: Progress, work: Runner) -> Outcome:
    try:
        outcome = work(task)
    except Exception as error:
        raise failure(task, error) from error
    progress(outcome)
    return outcome


def _collect(found: dict[Future[Outcome], Task], progress: Progress) -> None:
    done: Iterable[Future[Outcome]] = as_completed(found)
    for future in done:
        try:
            outcome = future.result()
        except Exception as error:
            raise failure(found[future], error) from error
        progress(outcome)


def failure(task: Task, error: Exception) -> AiopsError:
    """Return the error of a whole sweep: the setting, and what its replay failed of."""
    given = ", ".join(f"{key} = {value}" for key, value in task.setting.assignments) or "the current configuration"
    if isinstance(error, BrokenProcessPool):
        text = f"{given} or another setting: a process ended before its replay did (out of memory?); use fewer --jobs"
        return AiopsError(text)
    if isinstance(error, UsageError):
        return UsageError(f"{given}: {error}")
    shown = str(error) if isinstance(error, AiopsError) else f"{type(error).__name__}: {error}"
    return AiopsError(f"{given}: the replay failed: {shown}")
