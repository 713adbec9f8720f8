"""Templates: the environment that all pages share, its filters, and the names that it knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from jinja2.runtime import Context
from markupsafe import Markup

from aiops.pages import charts, icons, times
from aiops.pages.assets import Assets
from aiops.pages.reader import Reader
from aiops.respond.filled import command_parts, request_text
from aiops.views.ties import plain_ties
from aiops.web.visible import exact, shown
from aiops.wording import came_back, capital, listed, plural

# Between the words of a name; names of alerts are longer than a phone is wide.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MAX_HUMPS = 200
TEMPLATES = Path(__file__).parent / "templates"
# Further members and evidence are in the API; nobody reads a page that is too long.
MAX_SHOWN = 200
# Pages reload where no script does it: soon enough for a person who watches, and cheap for a wall of screens.
REFRESH_S = 15


def environment(base: str, assets: Assets, clock: Callable[[], float]) -> jinja2.Environment:
    """Return the environment of the templates; `base` is the path of the site, `clock` gives Unix seconds."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        # The template language's own one changes the case of ids.
        "capitalize": capital,
        "moment": _moment,
        "clock": _clock,
        "machine": times.machine,
        "age": lambda at: times.age(at, clock()),
        "thousands": times.thousands,
        "web": web_link,
        "segment": segment,
        "exact": exact,
        "humps": humps,
    }
    made.globals |= {
        "max_shown": MAX_SHOWN,
        "refresh_s": REFRESH_S,
        "style": f"{base}/static/{assets.style.name}",
        "script": f"{base}/static/{assets.script.name}",
        "stream": f"{base}/api/v1/stream",
        "icon_file": f"{base}/static/{assets.icon.name}",
        "base": base,
        "draw": icons.icon,
        "draw_mark": icons.mark,
        "draw_spark": charts.spark,
        "draw_bar": charts.bar,
        "draw_meter": charts.meter,
        "command_parts": command_parts,
        "request_text": request_text,
        "came_back": came_back,
        "listed": listed,
        "plain_ties": plain_ties,
        "plural": plural,
    }
    return made


def web_link(url: str | None) -> str | None:
    """Return a link that is safe to show, or None.

    >>> web_link("https://example.org/x"), web_link("javascript:alert(1)")
    ('https://example.org/x', None)
    """
    return url if url is not None and url.lower().startswith(("http://", "https://")) else None


def humps(text: str) -> Markup:
    """Return a name that may end a line between its words, as the names of alerts have no spaces.

    >>> humps("HTTPErrorRateHigh"), humps("<b>")
    (Markup('HTTPError<wbr>Rate<wbr>High'), Markup('&lt;b&gt;'))
    """
    name = str(shown(text))
    return Markup("<wbr>").join(_HUMP.split(name[:_MAX_HUMPS])) + name[_MAX_HUMPS:]


def segment(text: str) -> str:
    """Return text as one segment of a path, or as a value of a query."""
    return quote(text, safe="")


@jinja2.pass_context
def _moment(context: Context, at: float | None) -> str:
    return times.moment(at, _reader(context).zone)


@jinja2.pass_context
def _clock(context: Context, at: float | None) -> str:
    return times.clock(at, _reader(context).zone)


def _reader(context: Context) -> Reader:
    found: Any = context.get("reader")
    return found if isinstance(found, Reader) else Reader()
