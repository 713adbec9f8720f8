"""`aiops playbooks evaluate`: the value of other orders of suggestions, from logged probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import to_builtins
from rich.console import Console
from rich.table import Table

from aiops.app.engine import build_engine
from aiops.archive import Rejections, read
from aiops.backtest.playbook_decisions import logged_decisions
from aiops.cli.command_options import ConfigOption, SetOption, StateOption, TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.terminal import clean, console_for
from aiops.config import Config, load_config
from aiops.errors import UsageError
from aiops.journal.reader import read as read_journal
from aiops.records import Logged
from aiops.score.off_policy import Decision, Estimate, Evaluation, Policy, evaluate, greedy, logging
from aiops.topology import Topology, load_topology
from aiops.wording import plural

CURRENT, GREEDY, JOURNAL = "current", "greedy", "journal"
# A table of alerts is written by hand; one of a megabyte is a mistaken path.
MAX_FILE_BYTES = 1 << 20


def evaluate_command(
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="greedy (no exploration), current (as logged), or a TOML or JSON file of ALERT = PLAYBOOK; "
            "repeatable. Default: current and greedy.",
        ),
    ] = None,
    source: Annotated[
        str, typer.Option("--from", help="journal (of the state directory), a journal's directory, or an archive.")
    ] = JOURNAL,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Estimate the value of other policies for the first suggestion; exit code 1 without any estimate."""
    settings = load_config(config, sets or ())
    wanted = {name: _policy(name) for name in policies or [CURRENT, GREEDY]}
    records = _records(source, settings, state)
    topology = load_topology(settings.topology) if settings.topology else Topology()
    decisions = logged_decisions(records, build_engine(settings, topology))
    found = {name: evaluate(decisions, policy) for name, policy in wanted.items()}
    if as_json:
        print_json({name: to_builtins(one) for name, one in found.items()})
    else:
        _show(console_for(), found)
    if all(one.refused for one in found.values()):
        raise typer.Exit(1)


def _policy(name: str) -> Policy:
    if name in (CURRENT, GREEDY):
        return logging if name == CURRENT else greedy
    return fixed_choice(_table(Path(name)))


def fixed_choice(table: Mapping[str, str]) -> Policy:
    """Return the policy that puts a named playbook first for an alert; other alerts stay greedy."""

    def choose(decision: Decision) -> Sequence[float]:
        playbook = table.get(decision.context)
        if playbook is None:
            return greedy(decision)
        return [float(name == playbook) for name in decision.candidates]

    return choose


def _table(path: Path) -> dict[str, str]:
    place = f"--policy {path}"
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(f"{place}: expected at most {MAX_FILE_BYTES} bytes; got {path.stat().st_size}")
        raw = path.read_bytes()
        plain = (msgspec.json if path.suffix == ".json" else msgspec.toml).decode(raw)
        return msgspec.convert(plain, dict[str, str])
    except OSError as error:
        raise UsageError(
            f"{place}: expected greedy, current or a file of ALERT = PLAYBOOK: {error.strerror or error}"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{place}: {error}") from error


def _records(source: str, settings: Config, state: Path | None) -> Iterator[Logged]:
    if source == JOURNAL:
        return read_journal((state if state is not None else settings.state.path()) / "journal")
    path = Path(source)
    if path.is_dir():
        return read_journal(path)
    if not path.is_file():
        raise UsageError(f"--from {source[:200]}: expected journal, a journal's directory or an archive; there is none")
    return iter(read([source], Rejections()))


def _show(console: Console, found: Mapping[str, Evaluation]) -> None:
    first = next(iter(found.values()))
    console.print(
        f"{plural(first.decisions, 'judged decision')}; the first suggestion had a mean reward of {first.logged:.3f} "
        "(resolved 1, helped .7, useless, rejected or another one used 0)"
    )
    table = Table(
        "policy", "estimate", "value", "95 % interval", "effective size", box=None, header_style="bold", pad_edge=False
    )
    for name, one in found.items():
        _rows(table.add_row, clean(name), one)
    console.print(table)
    for name, one in found.items():
        if one.refused:
            console.print(f"{clean(name)}: no estimate: {one.refused}", soft_wrap=True)


def _rows(add: Callable[..., None], name: str, one: Evaluation) -> None:
    if one.refused:
        add(name, "none", "", "", f"{one.effective:.1f}")
    for number, estimate in enumerate(one.estimates):
        add(
            name if number == 0 else "",
            estimate.name,
            *_figures(estimate),
            f"{one.effective:.1f}" if number == 0 else "",
        )
    if one.gain is not None and name != CURRENT:
        add("", "gain over current", *_figures(one.gain, "+"), "")


def _figures(estimate: Estimate, sign: str = "") -> tuple[str, str]:
    return f"{estimate.value:{sign}.3f}", f"{estimate.low:{sign}.3f} to {estimate.high:{sign}.3f}"
