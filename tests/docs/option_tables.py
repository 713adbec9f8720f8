"""The tables of plugins in docs/, written from the declarations and docstrings of the registered classes.

`make docs` runs it as a program; `test_configuration_page.py` fails while a page differs.
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from aiops import registry
from aiops.options import Option, describe, shared_base

PAGES = [Path(__file__).parents[2] / "docs" / name for name in ("configuration.md", "delivery.md")]
KINDS = {"aiops.sources": "Source", "aiops.sinks": "Sink", "aiops.models": "Model", "aiops.databases": "Database"}
_REGION = re.compile(r"(<!-- options of (aiops\.[a-z]+): make docs -->\n).*?(<!-- end of options -->)", re.DOTALL)


_SUMMARIES = re.compile(
    r"(<!-- summaries of (aiops\.[a-z]+): make docs -->\n).*?(<!-- end of summaries -->)", re.DOTALL
)


def shipped(group: str) -> dict[str, type[Struct]]:
    """Return the options of each plugin of a group that this repository ships; those without options are left out."""
    found = {name: registry.options(group, name) for name in registry.names(group, only=registry.DISTRIBUTION)}
    return {name: struct for name, struct in found.items() if struct is not None and struct.__struct_fields__}


def written(page: str) -> str:
    """Return the page with its tables as the plugins declare them now."""
    seen: set[type[Struct]] = set()
    page = _REGION.sub(lambda found: f"{found[1]}\n{_section(found[2], seen)}\n{found[3]}", page)
    return _SUMMARIES.sub(lambda found: f"{found[1]}\n{_summaries(found[2])}\n{found[3]}", page)


def _summaries(group: str) -> str:
    names = registry.names(group, only=registry.DISTRIBUTION)
    rows = [f"| `{name}` | {registry.summary(group, name)} |" for name in names]
    return "\n".join([f"| {KINDS[group].lower()} | what it does |", "|---|---|", *rows]) + "\n"


def _section(group: str, seen: set[type[Struct]]) -> str:
    parts: list[str] = []
    for name, struct in shipped(group).items():
        base = shared_base(struct)
        if base is not None and base not in seen:
            seen.add(base)
            parts.append(f"### {_heading(base)}\n\nBeside the own options of each.\n\n{table(describe(base))}")
        does = registry.summary(group, name)
        parts.append(f"### {KINDS[group]} `{name}`\n\n{does}\n\n{table(describe(struct, without=base))}")
    return "\n".join(parts)


def _heading(base: type[Struct]) -> str:
    return (base.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def table(options: list[Option], first: str = "option") -> str:
    """Return the table of some options."""
    lines = [f"| {first} | type | default | meaning |", "|---|---|---|---|"]
    for option in options:
        default = option.default if option.default in ("required", "none", "its defaults") else f"`{option.default}`"
        cells = [f"`{option.name}`", option.kind, default, option.description]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")
