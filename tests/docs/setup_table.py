"""The table of setups in docs/connectors.md, written from `aiops_connectors/setups/tools`.

`make docs` runs it as a program; `test_connectors_page.py` fails while the page differs.
"""

from __future__ import annotations

import re
from pathlib import Path

from aiops_connectors.setups.setup import Auth, load_setup, names

PAGE = Path(__file__).parents[2] / "docs" / "connectors.md"
_REGION = re.compile(r"(<!-- setups: make docs -->\n).*?(<!-- end of setups -->)", re.DOTALL)


def written(page: str) -> str:
    """Return the page with its table as the setups are now."""
    return _REGION.sub(lambda found: f"{found[1]}\n{_table()}\n{found[2]}", page)


def _table() -> str:
    lines = ["| connector | tool | sends | authenticates by |", "|---|---|---|---|"]
    for name in names():
        setup = load_setup(name)
        ways = "; ".join(dict.fromkeys(map(_way, setup.auth)))
        lines.append(
            f"| `{name}` | [{setup.title}]({_page(setup.page)}) | {_sentence(setup.sends)} | {_sentence(ways)} |"
        )
    return "\n".join(lines) + "\n"


def _way(auth: Auth) -> str:
    """The vendor's own name of the field where it differs from the common one."""
    if auth.by == "header":
        return f"header `{auth.header}`"
    if auth.by == "signature":
        return f"signature `{auth.scheme}`"
    return {"bearer": "bearer token", "basic": "basic", "url": "token in the URL", "certificate": "client certificate"}[
        auth.by
    ]


def _page(page: str) -> str:
    return page.removeprefix("docs/")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
