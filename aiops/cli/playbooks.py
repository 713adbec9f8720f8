"""`aiops playbooks`: the catalogue, its checks and drafts, and the guarded runs of a daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec import to_builtins
from rich.table import Table
from rich.text import Text

from aiops import registry
from aiops.archive import Rejections, read
from aiops.cli.command_options import ConfigOption, SetOption, StateOption, TableJsonOption
from aiops.cli.completion import incident_ids, playbook_names
from aiops.cli.errors import print_json
from aiops.cli.new_files import checked_name, write_new
from aiops.cli.playbook_evaluate import evaluate_command
from aiops.cli.playbook_page_view import show_page
from aiops.cli.playbook_view import show_explanation, show_suggestions
from aiops.cli.promotion import demote_command, promote_command, promotion_command
from aiops.cli.runs import accept_trail_command, anchored, plan_command, rollback_command, runs_command, switch_command
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for
from aiops.cli.trail_view import new_trail_command, show_verdict
from aiops.daemon.control import send_request
from aiops.errors import UsageError
from aiops.ports import Suggester
from aiops.records import Suggestion
from aiops.respond.archived_incident import sort_records, view_of_archive
from aiops.respond.audit import verify
from aiops.respond.catalogue import Catalogue, read_catalogue, shipped
from aiops.respond.draft import draft
from aiops.respond.explain import Explanation, explain
from aiops.respond.format import schema
from aiops.respond.house_rules import review
from aiops.respond.lint import Finding, lint_file
from aiops.respond.playbook_tests import TrialResult, run_trials
from aiops.topology import Topology, load_topology
from aiops.views.playbook_page import PlaybookPage, document_page
from aiops.wording import plural

playbooks_app = typer.Typer(
    name="playbooks",
    help="List, check, test and explain playbooks; plan, list, stop and roll back runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

MAX_ALERT = 200

Paths = Annotated[list[Path] | None, typer.Argument(help="Playbook files or folders; default: the shipped catalogue.")]
Folders = Annotated[list[Path] | None, typer.Option("--playbooks", help="Playbook files or folders; repeatable.")]


@playbooks_app.command("list")
def list_command(paths: Paths = None, as_json: TableJsonOption = False) -> None:
    """List playbooks."""
    catalogue = _catalogue(paths)
    if as_json:
        print_json([_row(playbook) for playbook in catalogue.playbooks.values()])
    else:
        table = Table("name", "mode", "purpose", box=None, header_style="bold", pad_edge=False)
        for playbook in catalogue.playbooks.values():
            table.add_row(playbook.name, playbook.mode, Text(clean(playbook.summary)))
        console = console_for()
        console.print(table)
        console.print(f"{plural(len(catalogue.playbooks), 'playbook')}")
    _print_problems(catalogue.problems)


@playbooks_app.command("show")
def show_command(
    name: Annotated[
        str, typer.Argument(help="Name of the playbook (`aiops playbooks list`).", autocompletion=playbook_names)
    ],
    incident: Annotated[
        str | None,
        typer.Option(
            help="Incident to fill the commands in for, which needs a running daemon.", autocompletion=incident_ids
        ),
    ] = None,
    playbooks: Folders = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Show a playbook: when to use it, steps, conditions and tests; of a daemon also where it fitted."""
    page = _page(name, incident, playbooks, (config, sets, state))
    if as_json:
        print_json(page)
    else:
        show_page(console_for(), page)


@playbooks_app.command("lint")
def lint_command(
    paths: Paths = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    as_json: TableJsonOption = False,
) -> None:
    """Check that playbooks are well formed; the exit code is 1 if one is not."""
    files = _files(paths)
    others = {path.stem for path in [*files, *_files(None)]}
    found = [finding for path in files for finding in [*lint_file(path), *review(path, others)]] + _repeated(files)
    if as_json:
        print_json(found)
    else:
        console = console_for()
        for finding in found:
            console.print(clean(str(finding)), style="red" if finding.level == "error" else "yellow", soft_wrap=True)
        errors = sum(finding.level == "error" for finding in found)
        console.print(
            f"{plural(len(files), 'playbook')}, {plural(errors, 'error')}, {plural(len(found) - errors, 'warning')}"
        )
    if any(finding.level == "error" or strict for finding in found):
        raise typer.Exit(1)


@playbooks_app.command("new")
def new_command(
    name: Annotated[str, typer.Argument(help="Name of the playbook: lower-case letters, digits and dashes.")],
    alert: Annotated[
        str | None, typer.Option(help="Name of the alert that it is for; default: NAME in one word.")
    ] = None,
    into: Annotated[Path, typer.Option("--into", help="Folder of the file NAME.yaml.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a first playbook to edit; it passes its checks and its tests."""
    checked_name(name, "playbook", "-")
    alert = alert if alert is not None else "".join(word.capitalize() for word in name.split("-"))
    if not alert.isprintable() or not 0 < len(alert) <= MAX_ALERT:
        raise UsageError(f"--alert: not the name of an alert (got {alert[:80]!r}); use up to {MAX_ALERT} characters")
    path = into / f"{name}.yaml"
    write_new({path: draft(name, alert)}, force=force)
    console = console_for()
    console.print(f"written: {path}", soft_wrap=True, markup=False)
    console.print(
        f"next: aiops playbooks lint --strict {path}, aiops playbooks test {path}", soft_wrap=True, markup=False
    )


@playbooks_app.command("test")
def trial_command(paths: Paths = None, as_json: TableJsonOption = False) -> None:
    """Run the tests that playbooks carry; the exit code is 1 if one fails or a playbook cannot be read."""
    catalogue = _catalogue(paths)
    results = [result for playbook in catalogue.playbooks.values() for result in run_trials(playbook)]
    if as_json:
        print_json([{**to_builtins(result), "ok": result.ok} for result in results])
    else:
        _show_results(results, len(catalogue.playbooks))
    _print_problems(catalogue.problems)
    if catalogue.problems or any(not result.ok for result in results):
        raise typer.Exit(1)


@playbooks_app.command("explain")
def explain_command(
    files: Annotated[
        list[str], typer.Argument(help="Archives with the incident, and with its alerts if they are separate.")
    ],
    incident: Annotated[str | None, typer.Option(help="Incident to explain; required if there are several.")] = None,
    topology: Annotated[Path | None, typer.Option(help="Dependency graph (JSON or YAML).")] = None,
    playbook: Annotated[str | None, typer.Option(help="Playbook to explain, even if it does not fit.")] = None,
    playbooks: Folders = None,
    runbooks: Annotated[Path | None, typer.Option(help="Folder of Markdown runbooks.")] = None,
    rules: Annotated[
        Path | None, typer.Option(help="Alerting rules (file or folder) whose links to runbooks are used.")
    ] = None,
    as_json: TableJsonOption = False,
) -> None:
    """Show which playbooks fit an incident and why, with their commands filled in; nothing is run."""
    graph = load_topology(topology) if topology is not None else Topology()
    view = view_of_archive(sort_records(read(files, Rejections())), incident)
    catalogue = _catalogue(playbooks)
    suggested = _suggest(graph, playbooks, runbooks, rules).suggest(view)
    if playbook is not None and playbook not in catalogue.playbooks:
        raise UsageError(f"expected a playbook of the catalogue (aiops playbooks list); got {playbook!r}")
    names = [playbook] if playbook is not None else [one.name for one in suggested if one.name in catalogue.playbooks]
    made = [explain(catalogue.playbooks[name], view, graph) for name in names]
    if as_json:
        print_json({"incident": view.id, "suggestions": suggested, "explanations": made})
    else:
        _show(suggested, made[:1])
    _print_problems(catalogue.problems)


@playbooks_app.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of a playbook file, for editors."""
    print_json(schema())


@playbooks_app.command("audit")
def audit_command(
    file: Annotated[
        Path | None, typer.Argument(help="Audit trail of runs (JSON lines); default: that of the state directory.")
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Check an audit trail; the exit code is 1 if it is damaged, or cut and not accepted.

    No line was changed, removed or moved; for the trail of the state directory also none at its end, by its anchor in
    the store.
    """
    file, mark = anchored(config, sets, state) if file is None else (file, None)
    if not file.is_file() and mark is None:
        raise UsageError(f"{file}: expected an audit trail; there is none")
    verdict = verify(file, mark)
    if as_json:
        print_json(verdict)
    else:
        show_verdict(console_for(), verdict)
    if verdict.problem is not None:
        raise typer.Exit(1)


playbooks_app.command("evaluate")(evaluate_command)
playbooks_app.command("plan")(plan_command)
playbooks_app.command("runs")(runs_command)
playbooks_app.command("rollback")(rollback_command)
playbooks_app.command("accept-trail")(accept_trail_command)
playbooks_app.command("new-trail")(new_trail_command)
playbooks_app.command("switch")(switch_command)
playbooks_app.command("promotion")(promotion_command)
playbooks_app.command("promote")(promote_command)
playbooks_app.command("demote")(demote_command)


Place = tuple[Path | None, list[str] | None, Path | None]


def _page(name: str, incident: str | None, playbooks: list[Path] | None, place: Place) -> PlaybookPage:
    """Return a playbook of the daemon, of the named files, or of the shipped ones if no daemon runs."""
    if playbooks and incident is not None:
        raise UsageError("--incident needs the playbooks of the daemon; leave --playbooks out")
    if not playbooks:
        request = {"ask": "playbook", "name": name, "incident": incident}
        try:
            return msgspec.convert(send_request(state_directory(*place), request)["playbook"], PlaybookPage)
        except UsageError:
            # No daemon runs.
            if incident is not None:
                raise
    found = _catalogue(playbooks).playbooks.get(name)
    if found is None:
        raise UsageError(f"expected a playbook of the catalogue (`aiops playbooks list`); got {name[:100]!r}")
    return document_page(found)


def _show(suggested: list[Suggestion], made: list[Explanation]) -> None:
    console = console_for()
    show_suggestions(console, suggested)
    for explanation in made:
        show_explanation(console, explanation)


def _suggest(topology: Topology, playbooks: list[Path] | None, runbooks: Path | None, rules: Path | None) -> Suggester:
    options: dict[str, Any] = {}
    if playbooks:
        options["playbooks"] = [str(path) for path in playbooks]
    if runbooks is not None:
        options["runbooks"] = str(runbooks)
    if rules is not None:
        options["rules"] = str(rules)
    made: Suggester = registry.load("aiops.models", "playbooks")(topology, options)
    return made


def _row(playbook: Any) -> dict[str, Any]:
    plain: dict[str, Any] = to_builtins(playbook)
    wanted = ("name", "version", "summary", "whenToUse", "whenNotToUse", "tags", "mode")
    return {key: plain.get(key, "suggest" if key == "mode" else None) for key in wanted}


def _places(paths: list[Path] | None) -> list[Path]:
    for path in paths or ():
        if not path.exists():
            raise UsageError(f"{path}: expected a playbook file or a folder of them; there is none")
    return list(paths) if paths else [shipped()]


def _catalogue(paths: list[Path] | None) -> Catalogue:
    return read_catalogue(_places(paths))


def _files(paths: list[Path] | None) -> list[Path]:
    files: list[Path] = []
    for place in _places(paths):
        inside = (
            sorted(path for path in place.iterdir() if path.suffix in (".yaml", ".yml")) if place.is_dir() else [place]
        )
        files.extend(inside)
    if not files:
        raise UsageError("expected playbook files (*.yaml); the folders have none")
    return files


def _repeated(files: list[Path]) -> list[Finding]:
    first: dict[str, Path] = {}
    found = []
    for path in files:
        other = first.setdefault(path.stem, path)
        if other is not path:
            found.append(Finding(str(path), "error", "$.name", f"playbook {path.stem!r} is already in {other}"))
    return found


def _show_results(results: list[TrialResult], playbooks: int) -> None:
    console = console_for()
    failed = [result for result in results if not result.ok]
    for result in failed:
        console.print(f"FAILED {clean(result.playbook)}: {clean(result.trial)}", style="red", soft_wrap=True)
        for problem in result.problems:
            console.print(f"  {clean(problem)}", soft_wrap=True)
    console.print(f"{plural(playbooks, 'playbook')}, {plural(len(results), 'test')}, {len(failed)} failed")


def _print_problems(problems: list[str]) -> None:
    for problem in problems:
        typer.echo(clean(problem), err=True)
