"""`aiops routes`: the tree of routes, and where an alert would go."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.console import Console

from aiops.cli.command_options import ConfigOption, SetOption, TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.terminal import clean, console_for, moment
from aiops.config import Config, load_config
from aiops.durations import compact
from aiops.engine.dedup.stream import entity_of
from aiops.engine.events import StreamLabels
from aiops.engine.silences.actions import parse_moment
from aiops.errors import UsageError
from aiops.notify.route_explanation import Explanation, explain
from aiops.notify.routes import routes_of
from aiops.records import LABELS, Alert, parse_severity
from aiops.records.severity import Severity, find_severity
from aiops.routing.config import Route, RouteSettings
from aiops.routing.rules import read_rules
from aiops.workloads import Workloads

routes_app = typer.Typer(
    name="routes",
    help="Show the tree of routes, and test where an alert would go.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
# Labels that are fields of an alert.
_FIELDS = ("name", "alertname", "entity", "service", "source", "severity", "workload")


@routes_app.command("show")
def show_command(config: ConfigOption = None, sets: SetOption = None, as_json: TableJsonOption = False) -> None:
    """Print the tree of routes, with what each route sets, and the inhibition rules."""
    found = load_config(config, sets or ())
    if as_json:
        print_json({"route": found.route, "time_intervals": found.time_intervals, "inhibit_rules": found.inhibit_rules})
        return
    console = console_for()
    if found.route is None:
        console.print("no routes: every endpoint is notified of every incident of its min_severity", soft_wrap=True)
    else:
        _print_route(console, found.route, 0)
    for number, rule in enumerate(found.inhibit_rules):
        name = rule.name or f"rule {number + 1}"
        line = (
            f"inhibition {name}: {{{', '.join(rule.source_matchers)}}} inhibits {{{', '.join(rule.target_matchers)}}}"
        )
        console.print(clean(line + (f", equal {', '.join(rule.equal)}" if rule.equal else "")), soft_wrap=True)
    if found.inhibition.topology:
        console.print("inhibition by topology: an incident mutes the openings of what depends on it", soft_wrap=True)


@routes_app.command("test")
def try_command(
    labels: Annotated[
        list[str] | None,
        typer.Argument(help="Label of the alert, label=value; name, entity, service and source are its fields."),
    ] = None,
    severity: Annotated[str | None, typer.Option("--severity", help="Severity of the alert; default: warning.")] = None,
    service: Annotated[str | None, typer.Option("--service", help="Service of the alert.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Time of the alert, RFC 3339 (UTC without an offset); default: now.")
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Show where an alert would go, and why: each route on the way, and what each endpoint would get."""
    from aiops.app.build import topology_of

    found = load_config(config, sets or ())
    given = dict(map(_label, labels or ()))
    given |= {name: value for name, value in (("severity", severity), ("service", service)) if value is not None}
    when = parse_moment(at, "--at") if at is not None else time.time()
    topology = topology_of(found)
    stream = _stream(given, found)
    routes = routes_of(found, topology)
    explained = explain(routes, read_rules(found.inhibit_rules, topology), stream, when)
    if as_json:
        print_json(explained)
        return
    # A warning without the tool's word does not wait: see the triage of incidents.
    is_warning = severity is not None and stream.severity == int(Severity.WARNING)
    _print(console_for(), explained, found.incidents.lone_warning_s if is_warning else 0.0)


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"labels: expected label=value (got {text[:80]!r})")
    return name.strip(), value


def _stream(given: dict[str, str], config: Config) -> StreamLabels:
    """Return the alert of labels, as the engine would keep it."""
    severity = given.get("severity")
    if severity is not None and find_severity(severity) is None:
        raise UsageError(f"--severity: unknown severity {severity[:80]!r} (use {', '.join(reversed(LABELS))})")
    own = {name: value for name, value in given.items() if name not in _FIELDS}
    name = given.get("alertname") or given.get("name") or ""
    alert = Alert(ts=0.0, name=name, entity=given.get("entity"), service=given.get("service"), labels=own)
    alert.source = given.get("source")
    entity = entity_of(alert)
    workload = given.get("workload") or alert.service or Workloads(config.workloads).of(entity)
    level = int(parse_severity(severity))
    return StreamLabels("", name, entity, alert.service, workload, alert.source, level, True, own)


def _print(console: Console, explained: Explanation, waits_s: float) -> None:
    for step in explained.steps:
        title = clean(step.title if not step.matchers else f"{step.title} {{{', '.join(step.matchers)}}}", 200)
        if step.title.startswith("{"):
            title = clean(step.title, 200)
        if not step.matched:
            came = f'✗ {clean(step.failed)} does not match "{clean(step.value)}"'
        elif step.takes:
            came = f"✓ taken, {clean(', '.join(step.endpoints)) or 'nobody is notified'}"
        else:
            came = "✓ matched"
        console.print(f"{'  ' * step.depth}{title}: {came}", soft_wrap=True)
    if not explained.steps:
        console.print("no routes: every endpoint is notified of every incident of its min_severity", soft_wrap=True)
    for one in explained.endpoints:
        if one.due_at is None:
            text = f"not notified: {one.reason}"
        else:
            text = f"notified after {compact(one.settle_s)}" if not one.reason else f"notified at {moment(one.due_at)}"
            text += f": {one.reason}" if one.reason else ""
        console.print(f"{clean(one.endpoint)}: {clean(text)}", soft_wrap=True)
    if not explained.endpoints:
        console.print("nobody is notified", soft_wrap=True)
    elif waits_s:
        wait = f"a lone warning first waits up to {compact(waits_s)} (incidents.lone_warning_s)"
        console.print(wait, soft_wrap=True)
    for rule in explained.inhibitors:
        same = ", ".join(f'{label}="{value}"' for label, value in rule.equal.items())
        line = f"inhibited ({rule.rule}) while an alert {{{', '.join(rule.source_matchers)}}} fires"
        console.print(clean(line + (f" with {same}" if same else "")), soft_wrap=True)


def _print_route(console: Console, route: Route, depth: int) -> None:
    matchers = "{" + ", ".join(route.matchers) + "}" if route.matchers else ""
    title = " ".join(part for part in (route.name, matchers) if part) or ("default route" if depth == 0 else "all")
    parts = [_endpoints(route)]
    parts += [f"muted in {', '.join(route.mute_time_intervals)}"] if route.mute_time_intervals else []
    parts += [f"active in {', '.join(route.active_time_intervals)}"] if route.active_time_intervals else []
    parts += [f"{name} = {_shown(value)}" for name, value in _settings(route).items()]
    parts += ["continue"] if route.is_continued else []
    console.print(
        clean(f"{title}: {'; '.join(part for part in parts if part)}").join(("  " * depth, "")), soft_wrap=True
    )
    for one in route.routes:
        _print_route(console, one, depth + 1)


def _endpoints(route: Route) -> str:
    if route.endpoints is None:
        return "as above"
    return ", ".join(route.endpoints) or "nobody"


def _settings(route: Route) -> dict[str, Any]:
    found = {name: getattr(route, name) for name in RouteSettings.__struct_fields__}
    return {name: value for name, value in found.items() if value is not None}


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items())
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
