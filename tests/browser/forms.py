"""A register of forms: those that the walk saw, and those that a test pressed in a browser.

A form is known by its method and the route that its action leads to. Verbs stay as they are; so does the value of a
button that decides what is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

from starlette.routing import Route

from aiops.http.auth import Guard
from aiops.pages.routes import page_routes
from aiops.web.app import OPERATIONS
from aiops.web.host import Host
from aiops.web.operations import Caller
from aiops.web.sessions import SessionGuard

# Names of path parameters that say what is done.
_VERBS = {"verb", "action"}
# Buttons of one form that do different things.
_DECIDES = ("do", "engaged", "close")
SEEN: dict[str, str] = {}
PRESSED: set[str] = set()
# A form as a browser describes it: method, action, and the name and value of the button.
FORMS = """(root) => [...root.querySelectorAll('form')].flatMap((form) => {
  const buttons = [...form.querySelectorAll('button:not([type=button]), input[type=submit]'),
    ...(form.id ? document.querySelectorAll(`button[form="${CSS.escape(form.id)}"]`) : [])];
  return (buttons.length ? buttons : [null]).map((one) => [
    (one?.getAttribute('formmethod') || form.getAttribute('method') || 'get').toUpperCase(),
    one?.hasAttribute('formaction') ? one.formAction : form.action, one?.name || '', one?.value || '',
    [...form.querySelectorAll('input[type=hidden]')].map((field) => [field.name, field.value])]);
})"""


@lru_cache(maxsize=1)
def routes() -> Sequence[Route]:
    """All routes of pages and their forms, as the application has them."""
    # None of them is called: what they would read from the host is not needed.
    host = cast(Host, _NoHost())
    clock: Callable[[], float] = lambda: 0.0  # noqa: E731
    caller = Caller(host, SessionGuard(Guard([], "127.0.0.1"), clock), clock)
    return page_routes(caller, OPERATIONS, clock)


class _NoHost:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a page reads {name} of its host before it is called")


def name_of(method: str, url: str, button: str = "", value: str = "", hidden: Sequence[Sequence[str]] = ()) -> str:
    """The name of a form in the register; empty for one that leads to no page of ours."""
    path = urlsplit(url).path
    for route in routes():
        found = route.path_regex.match(path)
        if found and method in (route.methods or ()):
            shown = route.path
            for kept in _VERBS & found.groupdict().keys():
                shown = re.sub(rf"\{{{kept}\}}", found[kept], shown)
            decisive = [(button, value), *((one[0], one[1]) for one in hidden)]
            return " ".join([method, shown, *(f"{key}={word}" for key, word in decisive if key in _DECIDES)])
    return ""


def saw(described: Sequence[Sequence[Any]], where: str) -> None:
    """Remember the forms of a page."""
    for method, action, button, value, hidden in described:
        name = name_of(method, action, button, value, hidden)
        assert name, f"{where}: a form leads to {method} {action}, which is no page of ours"
        SEEN.setdefault(name, where)


def pressed(method: str, action: str, button: str, value: str, hidden: Sequence[Sequence[str]]) -> None:
    """Remember that a form was pressed."""
    PRESSED.add(name_of(method, action, button, value, hidden))
