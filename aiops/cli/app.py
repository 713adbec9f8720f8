"""The command line: `aiops COMMAND`."""

from __future__ import annotations

from typing import Annotated

import typer

from aiops.cli.alerts import alerts_app
from aiops.cli.change import change_command
from aiops.cli.configuration import config_app
from aiops.cli.connectors import connectors_app
from aiops.cli.connectors_setup import setup_command
from aiops.cli.connectors_trial import trial_command
from aiops.cli.dead_letters import dead_letters_command
from aiops.cli.demo import demo_command
from aiops.cli.engine import engine_command
from aiops.cli.explain import explain_command
from aiops.cli.incident_actions import add_commands
from aiops.cli.incidents import incidents_app
from aiops.cli.models import models_app
from aiops.cli.outbox import outbox_app
from aiops.cli.playbooks import playbooks_app
from aiops.cli.promotion import remediation_app
from aiops.cli.replay import replay_command
from aiops.cli.routes import routes_app
from aiops.cli.run import run_command
from aiops.cli.runs_report import runs_app
from aiops.cli.send import send_command
from aiops.cli.silences import health_command, silences_app
from aiops.cli.simulate import simulate_command
from aiops.cli.terminal import help_width
from aiops.cli.workloads import workloads_command
from aiops.version import __version__

app = typer.Typer(
    name="aiops",
    help="An alert correlation engine: alert storms in, a handful of explained incidents out.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": help_width(), "max_content_width": 120},
)
app.command("run")(run_command)
app.command("send")(send_command)
app.command("change")(change_command)
app.command("replay")(replay_command)
app.command("explain")(explain_command)
app.command("simulate")(simulate_command)
app.command("demo")(demo_command)
add_commands(incidents_app)
app.add_typer(incidents_app, name="incidents")
app.add_typer(alerts_app, name="alerts")
app.add_typer(silences_app, name="silences")
app.command("health")(health_command)
app.command("engine")(engine_command)
app.add_typer(routes_app, name="routes")
app.add_typer(outbox_app, name="outbox")
app.command("dead-letters")(dead_letters_command)
connectors_app.command("setup")(setup_command)
connectors_app.command("test")(trial_command)
app.add_typer(connectors_app, name="connectors")
app.add_typer(playbooks_app, name="playbooks")
app.add_typer(remediation_app, name="remediation")
app.add_typer(runs_app, name="runs")
app.add_typer(models_app, name="models")
app.command("workloads")(workloads_command)
app.add_typer(config_app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aiops {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Alert storms in, a handful of explained incidents out."""
