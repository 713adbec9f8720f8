"""`aiops connectors setup`: the entries to make in a tool that is to send its alerts to this daemon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from aiops.cli.command_options import SetOption
from aiops.cli.connectors import catalogues
from aiops.cli.daemon_address import address_of
from aiops.cli.errors import print_json
from aiops.cli.terminal import clean, console_for
from aiops.config import HttpConfig, load_config
from aiops.errors import UsageError

# Bind addresses that stand for all of a machine's; a sender uses its name.
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound


def setup_command(
    tool: Annotated[str, typer.Argument(help="Connector, as `aiops connectors list` names it.")],
    url: Annotated[str | None, typer.Option(help="Address that the tool uses; default: the configured one.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration, TOML.")] = None,
    auth: Annotated[
        str | None,
        typer.Option(help="Way to authenticate: bearer, basic, url, header, signature or certificate."),
    ] = None,
    sets: SetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what to enter in a tool: address, authentication, template of the body."""
    http = load_config(config, sets or ()).http
    base = url or address_of(http)
    if not base.startswith(("http://", "https://")):
        raise UsageError(f"--url: expected an address such as https://ops.example.org (got {base[:100]!r})")
    found = catalogues()[0].setup(
        tool, base, own=_own(http, tool), has_tokens=url is not None or bool(http.options.get("tokens")), by=auth
    )
    if as_json:
        print_json(found)
    else:
        _show(console_for(), found)


def _own(http: HttpConfig, tool: str) -> Mapping[str, Any]:
    connectors = http.options.get("connectors")
    own = connectors.get(tool) if isinstance(connectors, Mapping) else None
    return own if isinstance(own, Mapping) else {}


def _show(console: Console, found: Any) -> None:
    def line(text: str = "") -> None:
        console.print(clean(text, 2_000), soft_wrap=True, markup=False, highlight=False)

    line(f"{found.title} -> {found.url}")
    line(f"sends: {found.sends}")
    for number, step in enumerate(found.steps, 1):
        line(f"  {number}. {step}")
    for name, text in found.templates.items():
        line()
        line(f"{name}:")
        # As it is: this is what a person copies.
        console.out(text.rstrip("\n"), highlight=False)
    if found.settings:
        line()
        line("in aiops.toml:")
        console.out(found.settings.rstrip("\n"), highlight=False)
    line()
    if found.note:
        line(f"note: {found.note}")
    if found.auth in ("bearer", "basic", "url", "header"):
        line("TOKEN: a token with the scope ingest alone (`aiops connectors token` makes one)")
    line(f"see: {found.page}")
