"""The collector is held back where it only costs, and is left as it was found."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from aiops.daemon.gc_tuning import give_back, held_back


@pytest.mark.parametrize("was_on", [True, False])
def test_collector_is_off_within_and_as_before_after(was_on: bool) -> None:
    try:
        (gc.enable if was_on else gc.disable)()
        with held_back():
            assert not gc.isenabled()
            with held_back():
                pass
            assert not gc.isenabled()
        assert gc.isenabled() == was_on
    finally:
        gc.enable()


def test_collector_is_on_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="x"), held_back():
        raise ValueError("x")
    assert gc.isenabled()


def test_what_is_there_at_the_start_is_not_looked_at_again() -> None:
    """In a process of its own: what is frozen stays so."""
    script = (
        "import gc; from aiops.daemon.gc_tuning import settle; kept = [[] for _ in range(1000)]; settle();"
        "assert gc.get_freeze_count() > 1000; assert gc.get_threshold()[0] > 700; assert gc.isenabled()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_memory_is_given_back_or_left_alone() -> None:
    give_back()
