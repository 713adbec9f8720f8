"""A walk over every page, with and without scripts and tokens, wide and narrow, light and dark."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize

from aiops.http.auth import new_token, token_hash
from tests.browser import forms, seeds, tour
from tests.browser.conftest import TOKEN, Site, Visit, running
from tests.browser.look import axe, measure

READER = new_token()
_READER = f'[[http.options.tokens]]\nname = "bob"\nscopes = ["read"]\nsha256 = "{token_hash(READER)}"\n'
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
# Between the two: the rail is icons only, and tables begin to stack.
SIZES: list[ViewportSize] = [WIDE, {"width": 1024, "height": 768}, {"width": 768, "height": 1024}, NARROW]
Scheme = Literal["light", "dark"]
# A window, its colours, and the rules of axe (None: all). Contrast depends on the colours; the other rules hardly do.
WAYS: list[tuple[ViewportSize, Scheme, list[str] | None]] = [
    (WIDE, "light", None),
    (WIDE, "dark", ["color-contrast"]),
    (NARROW, "dark", None),
    (NARROW, "light", ["color-contrast"]),
]
HOSTILE: set[str] = set()
# What a reader who may not act can still send.
OWN = ("POST /logout", "POST /settings", "POST /login")


class Walked:
    """A seeded site and the addresses of its pages."""

    def __init__(self, site: Site) -> None:
        self.site = site
        incidents = seeds.sow(site)
        # Their text is hostile, and their colours are those of any other incident.
        HOSTILE.update(name for kind, name in incidents.items() if kind.startswith("hostile"))
        found = [path for group in tour.paths(incidents).values() for path in group]
        # While one works on a page: AIOPS_TEST_PAGES=/silences walks those alone that contain it.
        self.pages = [path for path in found if os.environ.get("AIOPS_TEST_PAGES", "") in path]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Walked]:
    with running(tmp_path_factory.mktemp("guarded"), more=_READER) as site:
        yield Walked(site)


@pytest.fixture(scope="module")
def open_site(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Walked]:
    with running(tmp_path_factory.mktemp("open"), tokens=False) as site:
        yield Walked(site)


def sign_in(window: Visit, token: str) -> None:
    window.page.goto("/login")
    window.fill("Token", token)
    window.press("Sign in")


def walk(window: Visit, pages: list[str], look: Callable[[Visit, str], list[str]]) -> None:
    """Open all pages; fail with what is wrong with each."""
    wrong: list[str] = []
    for path in pages:
        answer = window.page.goto(path)
        status = answer.status if answer is not None else 0
        found = [] if status == tour.OTHER.get(path, 200) else [f"HTTP {status}"]
        found += look(window, path)
        found += [one for one in window.complaints if not expected(one)]
        window.complaints[:] = []
        wrong += [f"{path}: {one}" for one in found]
    # Chromium may report the status of the last page after it was left.
    window.forgiven = all(expected(one) for one in window.complaints)
    assert not wrong, "\n".join(wrong)


def expected(complaint: str) -> bool:
    """Whether Chromium reports the status of a page that is meant to have it."""
    return any(f"status of {status}" in complaint and complaint.endswith(path) for path, status in tour.OTHER.items())


def all_ways(window: Visit, path: str) -> list[str]:
    """Both widths, light and dark, on one load of a page."""
    forms.saw(window.page.evaluate(f"({forms.FORMS})(document)"), path)
    wrong = []
    colours = not any(name in path for name in HOSTILE)
    for size, scheme, rules in WAYS:
        if rules and not colours:
            continue
        window.page.set_viewport_size(size)
        window.page.emulate_media(color_scheme=scheme)
        found = measure(window.page, thumb=size is NARROW) if rules is None else []
        if size is NARROW:
            unfold(window, path)
            found += measure(window.page, thumb=True, high=True) if rules is None else []
        found += axe(window.page, rules)
        wrong += [f"{size['width']} {scheme}: {one}" for one in found]
    return wrong


def unfold(window: Visit, path: str) -> None:
    """Open all that is folded; the sheet of a phone's last tab covers the page, and so is open on one page alone."""
    kept = "" if path == "/settings" else ":not(.tabs-more)"
    window.page.evaluate(f"document.querySelectorAll('details{kept}').forEach((one) => {{ one.open = true; }})")


def layout(window: Visit, path: str) -> list[str]:
    """All widths of a page."""
    forms.saw(window.page.evaluate(f"({forms.FORMS})(document)"), path)
    wrong = []
    for size in SIZES:
        window.page.set_viewport_size(size)
        wrong += [f"{size['width']}: {one}" for one in measure(window.page, thumb=size is NARROW)]
    return wrong


def read_only(window: Visit, path: str) -> list[str]:
    """No form that would be refused, and a word on why."""
    described = window.page.evaluate(f"({forms.FORMS})(document)")
    names = [forms.name_of(*one) for one in described]
    wrong = [f"a form that would be refused: {one}" for one in names if one.startswith("POST") and one not in OWN]
    if not path.startswith("/login") and "Read only" not in window.text():
        wrong.append("nothing says that this reader may only read")
    return wrong + layout(window, path)


def test_each_page_is_sound_in_every_window(guarded: Walked, visit: Callable[..., Visit]) -> None:
    window = visit(guarded.site.url)
    sign_in(window, TOKEN)
    walk(window, guarded.pages, all_ways)


def test_each_page_is_sound_without_scripts(guarded: Walked, visit: Callable[..., Visit]) -> None:
    window = visit(guarded.site.url, scripts=False)
    sign_in(window, TOKEN)
    walk(window, guarded.pages, layout)


def test_each_page_only_shows_to_readers_what_they_may_do(guarded: Walked, visit: Callable[..., Visit]) -> None:
    window = visit(guarded.site.url)
    sign_in(window, READER)
    walk(window, guarded.pages, read_only)


def test_each_page_is_sound_without_tokens(open_site: Walked, visit: Callable[..., Visit]) -> None:
    window = visit(open_site.site.url)
    pages = [path for path in open_site.pages if not path.startswith("/login")]
    walk(window, pages, layout)


def test_the_looks_bite(guarded: Walked, visit: Callable[..., Visit]) -> None:
    """Each fault that the walk looks for, put into a page by hand."""
    window = visit(guarded.site.url, width=390)
    sign_in(window, TOKEN)
    faults = {
        "color-contrast": "<p id='pale'>Hardly seen</p>",
        "image-alt": "<img src='/static/none.png'>",
        "390 px": "<div id='wide'>wide</div>",
        "broken word": "<div id='thin'>Acknowledged</div>",
        "small": "<a id='tiny' href='/'>x</a>",
        "px high": "<div id='tall'>tall</div>",
    }
    # Styles are set by script: the policy would refuse them as attributes.
    shapes = """() => {
      const on = (id, changes) => Object.assign((document.querySelector(id) || {style: {}}).style, changes);
      on('#pale', {color: '#777', background: '#888'}); on('#wide', {width: '900px'});
      on('#tall', {height: '20000px'}); on('#thin', {width: '10px', overflowWrap: 'anywhere'});
      on('#tiny', {display: 'block', width: '9px'});
    }"""
    for word, fault in faults.items():
        window.page.goto("/settings")
        clean = axe(window.page) + measure(window.page, thumb=True)
        assert clean == []
        window.page.evaluate("(html) => document.querySelector('.body').insertAdjacentHTML('beforeend', html)", fault)
        window.page.evaluate(shapes)
        found = axe(window.page) + measure(window.page, thumb=True)
        assert any(word in one for one in found), (word, found)
    window.forgiven = True


def test_a_console_error_and_a_breach_of_the_policy_are_seen(guarded: Walked, visit: Callable[..., Visit]) -> None:
    window = visit(guarded.site.url)
    sign_in(window, TOKEN)
    window.page.goto("/settings")
    window.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    window.page.wait_for_timeout(50)
    assert any("Content Security Policy" in one for one in window.complaints)
    window.forgiven = True


def test_a_route_without_an_example_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(tour.EXAMPLES, "/incidents/{id}")
    with pytest.raises(AssertionError, match="add an example"):
        tour.paths(defaultdict(str))
