"""The pages: what they show, that hostile text stays text, and that only our own forms are taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from aiops.engine.silences.silences import Silence
from aiops.http.auth import Token, new_token, token_hash
from aiops.matchers import read_matchers
from aiops.pages.times import moment
from aiops.ports import DeadLetter
from aiops.records import Alert, Record
from aiops.store.incidents import listed
from tests.web.conftest import NOW


class Parsed(HTMLParser):
    """The tags, links and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.forms: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "script" and (found.get("src") or "").startswith("/static/aiops."):
            # The one script of the pages; any other one is text of a payload that runs.
            return
        self.tags.append(tag)
        assert not any(name.startswith("on") or name == "style" for name in found)
        if tag == "a":
            self.links += [found["href"] or ""] if found["href"] != "#main" else []
        elif tag == "form":
            self.forms.append(found["action"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def page(site: Any, path: str, **more: Any) -> Parsed:
    answer = site.client.get(path, **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    return Parsed(answer.text)


def test_the_forms_act(site: Any) -> None:
    path = f"/incidents/{site.incident}"
    answer = site.client.post(f"{path}/acknowledge", data={"message": "on it"}, headers=site.origin)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "Acknowledged" in page(site, path).text
    answer = site.client.post(f"{path}/confirm-cause", data={"entity": "checkout"}, headers=site.origin)
    assert answer.status_code == 303
    assert site.client.post(f"{path}/nothing", data={}, headers=site.origin).status_code in (404, 415)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"host": "evil.example", "origin": "https://evil.example"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {},
    ],
)
def test_forms_of_other_sites_are_refused(site: Any, headers: dict[str, str]) -> None:
    answer = site.client.post(f"/incidents/{site.incident}/resolve", data={"message": "x"}, headers=headers)
    assert answer.status_code == 403
    [line] = site.client.get("/api/v1/incidents").json()["incidents"]
    assert line["status"] == "open"


def test_forms_that_no_page_of_ours_has_are_refused(lasting: Any) -> None:
    fields = {"matchers": "service=cart", "lasts": "2h"}
    many = {**fields, **{f"f{number}": "x" for number in range(30)}}
    for body, status in ((many, 400), ({**fields, "comment": "x" * 40_000}, 413)):
        assert lasting.client.post("/silences", data=body, headers=lasting.origin).status_code == status
    answer = lasting.client.post("/silences", json=fields, headers=lasting.origin)
    assert answer.status_code == 415
    form = {**lasting.origin, "content-type": "application/x-www-form-urlencoded"}
    assert lasting.client.post("/silences", content=b"matchers=\xff\xfe", headers=form).status_code == 400
    assert list(lasting.host.silences()) == []


def test_silences_are_added_and_ended_by_forms(site: Any) -> None:
    assert "No silences" in page(site, "/silences").text
    fields = {
        "matchers": "service=cart\r\nalertname=~High.*\r\n",
        "lasts": "2h",
        "comment": "<b>works</b>",
        "start": "",
    }
    answer = site.client.post("/silences", data=fields, headers=site.origin)
    assert (answer.status_code, answer.headers["location"]) == (303, "/silences")
    [silence] = site.host.silences()
    assert [(one.label, one.op, one.value) for one in silence.matchers] == [
        ("service", "=", "cart"),
        ("alertname", "=~", "High.*"),
    ]
    assert silence.end - silence.start == 7200
    found = page(site, "/silences")
    assert "<b>works</b>" in found.text
    assert "b" not in found.tags
    # The button of its row, and the one that undoes it.
    [end] = {form for form in found.forms if form.endswith("/end")}
    assert site.client.post(end, headers=site.origin).status_code == 415
    ended = site.client.post(end, data={"x": "y"}, headers=site.origin)
    assert ended.status_code == 303
    shown = page(site, "/silences")
    assert f"silence {silence.id} ended" in shown.text.lower() or silence.id in shown.text
    # What undoes it sets the same silence again.
    assert "/silences" in shown.forms
    assert list(site.host.silences()) == []
    assert site.client.post(end, data={"x": "y"}, headers=site.origin).status_code == 404


def test_a_silence_is_previewed_by_its_button(site: Any) -> None:
    fields = {"matchers": 'service="checkout"\n', "lasts": "2h", "every": "day", "zone": "Europe/Berlin"}
    answer = site.client.post("/silences", data={**fields, "do": "preview"}, headers=site.origin)
    found = Parsed(answer.text)
    assert answer.status_code == 200
    assert "Matches 3 streams of the last 15 min" in found.text
    assert "3 firing" in found.text
    assert "CheckoutErrors checkout" in found.text
    assert "Silence 3 streams for 2 h each day" in found.text
    assert f"/incidents/{site.incident}" in found.links
    assert "script" not in found.tags
    assert 'value="Europe/Berlin"' in answer.text
    assert list(site.host.silences()) == []
    wrong = site.client.post("/silences", data={**fields, "do": "preview", "zone": "Berlin"}, headers=site.origin)
    assert wrong.status_code == 400
    answer = site.client.post("/silences", data={**fields, "do": "add"}, headers=site.origin)
    assert answer.status_code == 303
    assert "each day (Europe/Berlin)" in page(site, "/silences").text


@pytest.mark.parametrize(
    "line", ["app.kubernetes.io/name=checkout", "foo🙂=bar", "環境=本番", '"host.name"="server-01"', 'a=~"b.*", c="d"']
)
def test_any_label_can_be_written_into_the_form(site: Any, line: str) -> None:
    fields = {"matchers": line, "lasts": "1h"}
    assert site.client.post("/silences", data=fields, headers=site.origin).status_code == 303
    [silence] = site.host.silences()
    assert silence.matchers == read_matchers(line)
    assert all(str(one) in page(site, "/silences").text for one in silence.matchers)


def test_a_window_of_the_form_follows_the_zone(site: Any) -> None:
    fields = {
        "matchers": "env=test",
        "lasts": "2h",
        "start": "2026-03-28T01:30",
        "every": "month",
        "days": "last, 28",
        "zone": "Europe/Berlin",
    }
    assert site.client.post("/silences", data=fields, headers=site.origin).status_code == 303
    [silence] = site.host.silences()
    assert (silence.start, silence.end) == (1_774_657_800.0, 1_774_665_000.0)
    assert silence.recurrence() == "each month on last day, 28 (Europe/Berlin)"


@pytest.mark.parametrize("end", [1e300, float("nan"), float("inf"), -1e20])
def test_no_time_of_an_old_journal_breaks_the_page(site: Any, end: float) -> None:
    """What earlier releases took is refused now; were it held all the same, the page would still be shown."""
    site.host.engine.silences.by_id["old"] = Silence("old", read_matchers("a=b"), 0.0, end)
    assert "old" in "".join(page(site, "/silences").forms)
    assert moment(end)


def test_a_window_recurs_from_a_time_on(site: Any) -> None:
    fields = {"matchers": "env=test", "lasts": "1h", "start": "2026-03-02T03:30", "every": "week"}
    assert site.client.post("/silences", data=fields, headers=site.origin).status_code == 303
    [silence] = site.host.silences()
    assert (silence.start, silence.end, silence.every) == (1_772_422_200.0, 1_772_425_800.0, "week")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matchers": "cart"}, "expected an operator"),
        ({"matchers": " \n"}, "expected 1 to 32 matchers"),
        ({"matchers": "a=b\n" * 33}, "expected 1 to 32 matchers"),
        ({"matchers": "a=~("}, "expression"),
        ({"lasts": "soon"}, "expected a duration"),
        ({"lasts": "0s"}, "expected a time after its start"),
        ({"start": "tomorrow"}, "expected a time such as"),
        ({"start": "2026-99-99T10:00"}, "from"),
        ({"every": "year"}, "expected day, week, month or nothing"),
        ({"every": "week", "weekdays": "mon,someday"}, "someday"),
        ({"every": "month", "days": "32"}, "days"),
        ({"days": "1"}, "expected every = month"),
        ({"zone": "Europe/Nowhere"}, "unknown time zone"),
        ({"start": "2026-02-01T10:00"}, "expected a time to come; it ended"),
        ({"matchers": "nosuch!=x"}, "lacks these labels"),
        ({"matchers": "alertname=~.*"}, "lacks these labels"),
        ({"matchers": 'a="b'}, 'expected a closing "'),
        ({"every": "day", "lasts": "2d"}, "no longer than the day"),
    ],
)
def test_a_silence_that_does_not_fit_is_told_beside_what_was_written(
    lasting: Any, change: dict[str, str], said: str
) -> None:
    fields = {"matchers": "service=cart", "lasts": "2h", "comment": "kept <i>as</i> it was", **change}
    answer = lasting.client.post("/silences", data=fields, headers=lasting.origin)
    assert answer.status_code == 400, answer.text
    assert said in Parsed(answer.text).text
    assert "kept &lt;i&gt;as&lt;/i&gt; it was" in answer.text
    assert list(lasting.host.silences()) == []


@pytest.mark.parametrize("path", ["/silences", "/silences/x/end"])
@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {}])
def test_silences_of_other_sites_are_refused(lasting: Any, path: str, headers: dict[str, str]) -> None:
    fields = {"matchers": "alertname=~.*", "lasts": "7d"}
    assert lasting.client.post(path, data=fields, headers=headers).status_code == 403
    assert list(lasting.host.silences()) == []


def test_the_form_of_an_alert_is_filled_in(site: Any) -> None:
    found = page(site, f"/incidents/{site.incident}")
    link = next(link for link in found.links if link.startswith("/silences?") and "script" in link)
    form = page(site, link)
    assert 'alertname="<script>alert(\'x\')</script>"\nentity="checkout"' in form.text
    assert "script" not in form.tags


def test_pages_load_themselves_again_until_that_is_paused_or_over(site: Any) -> None:
    path = f"/incidents/{site.incident}"
    assert '<meta http-equiv="refresh" content="15">' in site.client.get(path).text
    assert f"{path}?live=off" in page(site, path).links
    assert 'http-equiv="refresh"' not in site.client.get(f"{path}?live=off").text
    assert site.client.post(f"/api/v1/incidents/{site.incident}/resolve", json={}).status_code == 200
    for still in (path, "/api"):
        assert 'http-equiv="refresh"' not in site.client.get(still).text


def test_what_is_not_there_is_told(site: Any) -> None:
    for path in ("/incidents/nothing", "/nothing", "/static/../app.py", "/static/other.css"):
        assert site.client.get(path).status_code == 404
    address = re.search(r'href="(/static/style\.[^"]+)"', site.client.get("/settings").text)
    assert address is not None
    style = site.client.get(address[1])
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    assert "OpenAPI" in page(site, "/api").text


def test_a_browser_logs_in_with_a_token(tmp_path: Path, serve: Callable[..., Any]) -> None:
    reader, writer = new_token(), new_token()
    tokens = [Token("reader", ["read"], token_hash(reader)), Token("writer", ["write"], token_hash(writer))]
    with serve(tmp_path, tokens) as site:
        assert site.client.get("/").headers["location"] == "/login"
        assert site.client.post("/login", data={"token": "wrong"}, headers=site.origin).status_code == 401
        assert site.client.post("/login", data={"token": reader}).status_code == 403
        answer = site.client.post("/login", data={"token": reader}, headers=site.origin)
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert reader not in cookie
        assert f"/incidents/{site.incident}" in page(site, "/").links
        resolve = f"/incidents/{site.incident}/resolve"
        assert site.client.post(resolve, data={"message": "x"}, headers=site.origin).status_code == 403
        site.client.post("/login", data={"token": writer}, headers=site.origin)
        assert site.client.post(resolve, data={"message": "x"}).status_code == 403
        assert site.client.post(resolve, data={"message": "x"}, headers=site.origin).status_code == 303
        entries = site.client.get("/api/v1/audit").json()["entries"]
        assert "writer" in [entry["actor"] for entry in entries]
        assert site.client.post("/logout", data={"x": "y"}, headers=site.origin).status_code == 303
        assert site.client.get("/").status_code == 303


# A letter that ends its colour, one that turns the line, an isolate that is never closed, a byte of a C1 control, a
# letter that is not seen, half a letter, and a name from right to left, which stays.
UNSEEN = "ctl\x00\x1b[31mRED\x9b\u202eevil\u2066\u200b\u05d0 👩\u200d🚒"


def test_text_that_hides_is_shown_by_its_code_on_every_page(site: Any) -> None:
    alerts: list[Record] = [
        # Late enough for an incident of its own.
        Alert(
            ts=NOW + 3600, name=UNSEEN, id=f"u-{n}", severity="critical", entity=UNSEEN, service=UNSEEN, message=UNSEEN
        )
        for n in range(3)
    ]
    site.host.fold(alerts, [DeadLetter(UNSEEN, UNSEEN, UNSEEN, b"", NOW)])
    name = next(one.id for one in listed(site.host.store.database.reader) if "evil" in one.title)
    fields = {"matchers": f'alertname="{UNSEEN}"', "lasts": "2h", "comment": UNSEEN, "do": "preview"}
    pages = [site.client.get(path).text for path in (f"/incidents/{name}", "/", "/deliveries", "/silences", "/runs")]
    pages.append(site.client.post("/silences", data=fields, headers=site.origin).text)
    for text in pages:
        assert not set("\x00\x1b\x9b\u202e\u2066\u200b") & set(text)
    for text in pages[:2]:
        assert "ctl\\x00\\x1b[31mRED\\x9b\\u202eevil\\u2066\\u200b\u05d0 👩\u200d🚒" in text
    assert "\\x1b[31mRED" in pages[0].partition("<title>")[2].partition("</title>")[0]


def test_a_field_with_text_that_hides_comes_back_as_it_was(site: Any) -> None:
    fields = {"matchers": 'alertname="a\u202eb"', "lasts": "x", "comment": "\u2066<b>", "start": ""}
    text = site.client.post("/silences", data=fields, headers=site.origin).text
    assert 'value="&#x2066;&lt;b&gt;"' in text
    assert 'alertname="a\u202eb"' in Parsed(text).text, "a browser sends back what was written"


def test_an_alert_is_explained_on_its_page(site: Any) -> None:
    shown = page(site, f"/incidents/{site.incident}")
    assert f"/incidents/{site.incident}/explain?alert=a-0-0" in shown.links
    found = page(site, f"/incidents/{site.incident}/explain?alert=a-0-1")
    assert "It joined this incident with a score of" in found.text
    assert "In all; more than" in found.text
    assert "same moment as" in found.text
    assert "CheckoutLatency on checkout" in found.text
    assert "script" not in page(site, f"/incidents/{site.incident}/explain?alert=a-0-0").tags


@pytest.mark.parametrize("alert", ["", "a-unknown", "%00", "x" * 5_000])
def test_an_alert_that_is_not_known_is_no_page(site: Any, alert: str) -> None:
    answer = site.client.get(f"/incidents/{site.incident}/explain?alert={alert}")
    assert answer.status_code == 404
    assert "first alert of a stream" in answer.text


def test_a_declined_incident_is_linked_from_the_explanation(site: Any) -> None:
    other: list[Record] = [Alert(ts=NOW, name="DiskFull", id="b-1", severity="critical", entity="mail", source="x")]
    site.host.fold(other)
    found = page(site, f"/incidents/{site.incident}/explain?alert=b-1")
    assert f"/incidents/{site.incident}" in found.links
    assert "With this one its score was" in found.text
