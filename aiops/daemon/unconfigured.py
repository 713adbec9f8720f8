"""Settings that are not configured, and their costs; for the start of the daemon and for its page."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from aiops.config import Config


class Unconfigured(Struct, frozen=True):
    """One setting that is missing: what is not there, what that costs, and the page of the docs about it."""

    what: str
    costs: str
    see: str

    def __str__(self) -> str:
        return f"{self.what}: {self.costs}; see {self.see}"


def unconfigured(config: Config) -> list[Unconfigured]:
    """Return what a configuration leaves out, the costliest first; empty if nothing is missing.

    >>> str(unconfigured(Config())[0])
    'no endpoint: nobody is notified; see docs/delivery.md'
    """
    return [Unconfigured(*one) for one in _missing(config)]


def _missing(config: Config) -> Iterator[tuple[str, str, str]]:
    if not config.endpoints:
        yield "no endpoint", "nobody is notified", "docs/delivery.md"
    elif not config.http.external_url:
        yield (
            "no external URL",
            "messages have no link to their incident",
            "docs/configuration.md#http-api-pages-and-ingest",
        )
    if not config.topology:
        yield (
            "no topology",
            "causes are weaker, as they come from the alerts alone; playbooks for one kind of cause cannot run",
            "docs/records.md#topology",
        )
    if config.http.enabled and not config.http.options.get("tokens"):
        yield (
            "no tokens",
            "nobody can approve a run, and actions have no name in the audit",
            "docs/configuration.md#tokens",
        )
    if not config.respond.enabled:
        yield "no runs", "playbooks are shown, and none is planned or run", "docs/playbooks.md#runs"
    elif config.respond.ceiling == "suggest":
        yield "no automation", "playbooks are planned, and none is run (`respond.ceiling`)", "docs/playbooks.md#runs"
    if not config.playbooks.options.get("playbooks"):
        yield "no playbooks of your own", "only the shipped ones are suggested", "docs/playbooks.md"
