"""The shell: where a reader is sent, what a notice shows, and what is not shown to whoever may only read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from aiops.http.auth import Guard, Token, new_token, token_hash
from aiops.pages.assets import Assets
from aiops.pages.notices import Undo
from aiops.pages.rendering import environment
from aiops.pages.shell import Shell
from aiops.pages.sign_in import own_path, place
from aiops.web.formtokens import COOKIE
from aiops.web.operations import Caller
from aiops.web.sessions import SessionGuard

WRITER, READER = new_token(), new_token()
TOKENS = [Token("alice", ["write"], token_hash(WRITER)), Token("bob", ["read"], token_hash(READER))]


def sign_in(site: Any, secret: str, wanted: str = "") -> Any:
    return site.client.post("/login", data={"token": secret, "next": wanted}, headers=site.origin)


def test_sign_in_leads_to_the_page_that_was_wanted(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, TOKENS) as site:
        wanted = site.client.get("/silences?alertname=a%26b").headers["location"]
        assert wanted == "/login?next=%2Fsilences%3Falertname%3Da%2526b"
        text = site.client.get(wanted).text
        assert "You continue to silences." in text
        assert 'name="next" value="/silences?alertname=a%26b"' in text
        assert sign_in(site, WRITER, "/silences?alertname=a%26b").headers["location"] == "/silences?alertname=a%26b"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/ok\r\nset-cookie: a=b",
        "/\t/evil.example",
        "evil",
        "/x" * 2_000,
        "/é",
    ],
)
def test_sign_in_leads_to_no_other_site(tmp_path: Path, serve: Callable[..., Any], wanted: str) -> None:
    assert own_path(wanted) == ""
    with serve(tmp_path, TOKENS) as site:
        assert "You continue to" not in site.client.get("/login", params={"next": wanted}).text
        assert sign_in(site, WRITER, wanted).headers["location"] == "/"


def test_a_wanted_page_is_named_without_its_content() -> None:
    assert place("/incidents/inc-1/explain?alert=x") == "incident inc-1"
    assert place("/") == ""


def test_no_token_of_an_address_is_passed_on(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, TOKENS) as site:
        for path in (f"/silences?token={WRITER}", f"/incidents/{WRITER}", "/silences?token=other"):
            assert site.client.get(path).headers["location"] == "/login"


def test_without_tokens_there_is_nothing_to_sign_in_to(site: Any) -> None:
    assert site.client.get("/login?next=/silences").headers["location"] == "/silences"
    assert "Sign out" not in site.client.get("/settings").text


def test_a_reader_sees_that_it_may_only_read(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, TOKENS) as site:
        sign_in(site, READER)
        text = site.client.get("/settings").text
        assert "Read only" in text
        assert "Your token has the scopes read." in text
        sign_in(site, WRITER)
        assert "Read only" not in site.client.get("/settings").text


def test_a_request_that_the_engine_does_not_answer_becomes_a_page(site: Any) -> None:
    site.host.busy = True
    answer = site.client.get(f"/incidents/{site.incident}/explain?alert=a-0-0")
    assert answer.status_code == 503
    assert "Explain: the engine did not answer in 5 s; try again." in answer.text


def test_a_page_that_fails_is_a_page_and_a_line_of_the_log(
    site: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("private words")

    monkeypatch.setattr(site.host, "health", fail)
    answer = site.client.get("/settings")
    assert answer.status_code == 500
    assert "The page could not be made" in answer.text
    assert "private words" not in answer.text
    assert "private words" in caplog.text


def test_a_refused_form_leads_back_to_its_page(site: Any) -> None:
    answer = site.client.post(f"/incidents/{site.incident}/resolve", data={"message": "x"})
    assert answer.status_code == 403
    assert f'href="/incidents/{site.incident}">Back' in answer.text
    assert "This was refused, and nothing was changed" in answer.text


def macro(shown: str, **known: Any) -> str:
    made = environment("/base", Assets(), lambda: 1_772_400_000.0)
    text = f'{{% import "parts.html" as ui with context %}}{shown}'
    return made.from_string(text).render(own="OWN", may_write=True, reader=None, **known)


def test_no_button_is_drawn_that_would_be_refused() -> None:
    button = '{{ ui.button("/x/acknowledge", "Acknowledge", {"note": "a<b"}, primary=true, key="a") }}'
    drawn = macro(button)
    assert '<form class="one" method="post" action="/base/x/acknowledge">OWN' in drawn
    assert 'name="note" value="a&lt;b"' in drawn
    assert 'data-key="a"' in drawn
    made = environment("", Assets(), lambda: 0.0)
    form = '{% call ui.form("/x") %}<button>Go</button>{% endcall %}{{ ui.read_only("go") }}'
    page = made.from_string(f'{{% import "parts.html" as ui with context %}}{button}{form}')
    text = page.render(own="OWN", may_write=False)
    assert "<form" not in text
    assert "to go, sign in with a token that has the scope" in text


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ('{{ ui.severity("critical") }}', ">critical</span>"),
        ('{{ ui.severity("critical", false) }}', 'aria-label="critical"'),
        ("{{ ui.severity(none) }}", ">unknown</span>"),
        ('{{ ui.tag("Critical", "critical") }}', '<span class="tag critical"><svg'),
        ('{{ ui.tag("Needs approval") }}', '<span class="tag ">Needs approval</span>'),
        ('{{ ui.chip("env", "<b>") }}', "<b>&lt;b&gt;</b>"),
        ('{{ ui.meter("high") }}', "High confidence</span>"),
        ('{{ ui.meter("high", false) }}', 'aria-label="high confidence"'),
        ("{{ ui.ago(1772399220.0) }}", ">13 min</time>"),
        ("{{ ui.clock(1772399220.0) }}", ">21:07:00</time>"),
        ('{{ ui.command("kubectl <x>") }}', 'data-copy="kubectl &lt;x&gt;"'),
        ('{{ ui.facts([("Owner", "alice")]) }}', "<dt>Owner</dt><dd>alice</dd>"),
        ('{{ ui.banner("warning", "Old", "x", "/engine", "Engine") }}', 'href="/base/engine">Engine</a>'),
        ('{% call ui.card("Cause", "cause", "aside") %}body{% endcall %}', 'aria-labelledby="cause-title"'),
        ('{{ ui.field_error("wrong <x>") }}', "wrong &lt;x&gt;"),
        ('{{ ui.empty("Nothing") }}', "<h2>Nothing</h2>"),
    ],
)
def test_parts_are_drawn(shown: str, expected: str) -> None:
    class Reader:
        zone = "UTC"

    made = environment("/base", Assets(), lambda: 1_772_400_000.0)
    text = f'{{% import "parts.html" as ui with context %}}{shown}'
    assert expected in made.from_string(text).render(own="OWN", may_write=True, reader=Reader())


def text_of(answer: Response) -> str:
    return bytes(answer.body).decode()


def test_a_notice_shows_once_with_its_undo(site: Any) -> None:
    # The shell of the application is out of reach; what it keeps is the same for any.
    shell = Shell(
        Caller(site.host, SessionGuard(Guard([], "127.0.0.1"), lambda: 0.0), lambda: 0.0), Assets(), lambda: 0.0
    )
    shell.paths |= {"/", "/settings"}

    def request(path: str, mode: str = "navigate") -> Request:
        headers = [(b"cookie", f"{COOKIE}=b".encode()), (b"host", b"127.0.0.1"), (b"sec-fetch-mode", mode.encode())]
        made = Request({"type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b""})
        made.state.frame, made.state.token, made.state.actor = shell._frame.read(), None, "local"
        return made

    undo = Undo("/incidents/x/undo", {"action": "7"})
    answer = shell.done(request("/incidents/x"), "/?status=all#top", "Acknowledged.", undo)
    assert answer.headers["location"] == "/?status=all#top"
    fetched = text_of(shell.message(request("/", "cors"), 404, "x"))
    assert "Acknowledged." not in fetched, "a script that reads the page again must not use it up"
    shown = text_of(shell.message(request("/"), 404, "x"))
    assert "Acknowledged." in shown
    assert 'action="/incidents/x/undo"' in shown
    assert 'name="action" value="7"' in shown
    assert "Acknowledged." not in text_of(shell.message(request("/"), 404, "x"))


def test_a_notice_is_not_for_the_next_one_who_signs_in(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, TOKENS) as site:
        sign_in(site, WRITER)
        page = f"/incidents/{site.incident}"
        assert site.client.post(f"{page}/assign", data={"to": "alice"}, headers=site.origin).status_code == 303
        assert site.client.post("/logout", data={"x": ""}, headers=site.origin).status_code == 303
        sign_in(site, READER)
        assert "data-flash" not in site.client.get(page).text
