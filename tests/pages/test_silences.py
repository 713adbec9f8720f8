"""The page of silences: prefilled, previewed, changed, extended, ended, undone; what it offers from the history."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from aiops.daemon.parts import NoRouting
from aiops.records import Action, Alert
from tests.pages.test_pages import Parsed, page
from tests.web.conftest import NOW

MATCHERS = 'service="checkout"'


def post(site: Any, path: str = "/silences", status: int = 303, **fields: Any) -> Any:
    answer = site.client.post(path, data={"x": "y", **fields}, headers=site.origin)
    assert answer.status_code == status, answer.text
    return answer


def undo_of(site: Any) -> dict[str, Any]:
    """The form that the notice of the page offers, with its path."""
    html = site.client.get("/silences").text
    notice = html[html.index("data-flash") :]
    notice = notice[: notice.index("</div>")]
    path = re.search(r'action="([^"]+)"', notice)
    assert path is not None, notice
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', notice)
    return {"path": path[1], **{name: unescape(value) for name, value in fields}}


def test_preview_of_a_link_is_there_at_once(site: Any) -> None:
    shown = page(site, "/silences?service=checkout&for=8h&why=known")
    assert "Matches 3 streams of the last 15 min" in shown.text
    assert "Silence 3 streams for 8 h" in shown.text
    assert "nobody will be notified if these get worse" in shown.text


def test_form_of_an_incident_matches_all_of_it(site: Any) -> None:
    shown = page(site, f"/silences?incident={site.incident}")
    assert "3 firing now" in shown.text
    assert "Mutes all 3 firing streams of this incident" in shown.text
    assert "Of other incidents it mutes nothing that fires now" in shown.text
    assert 'service="checkout"' in shown.text
    html = site.client.get(f"/silences?incident={site.incident}").text
    # What it mutes is read before the button that mutes it.
    assert html.index("Mutes all 3") < html.index('value="add"')
    assert html.count('value="add"') == 1
    assert "script" not in shown.tags
    assert site.client.get("/silences?incident=inc-none").status_code == 404


def test_form_of_an_incident_mutes_what_fires_and_not_what_ended(site: Any) -> None:
    """A first alert that has ended was all that the form had: nothing that fired was muted."""
    ended = Alert(ts=NOW, name="CheckoutErrors", id="e", entity="checkout", service="checkout", status="resolved")
    site.host.fold([ended])
    html = site.client.get(f"/incidents/{site.incident}").text
    assert f'href="/silences?incident={site.incident}#preview"' in html
    shown = page(site, f"/silences?incident={site.incident}&for=30m&why=known")
    assert "Mutes all 2 firing streams of this incident" in shown.text
    assert "Silence 2 streams for 30 min" in shown.text
    form = site.client.get(f"/silences?incident={site.incident}").text
    post(site, matchers=unescape(re.findall(r"<textarea[^>]*>([^<]*)<", form)[0]), lasts="2h")
    assert len(site.host.silences()) == 1
    both = site.client.get(f"/silences?incident={site.incident}&incident=inc-none")
    assert both.status_code == 404
    assert "there is none named &#39;inc-none&#39;" in both.text


def test_matchers_that_leave_a_part_of_the_incident_say_which(site: Any) -> None:
    fields = {"matchers": 'alertname="CheckoutErrors"', "lasts": "2h", "do": "preview", "incident": site.incident}
    text = " ".join(Parsed(post(site, status=200, **fields).text).text.split())
    assert "Mutes 1 of 3 firing streams of this incident. Not muted: " in text


def test_incident_of_which_nothing_fires_is_said(site: Any) -> None:
    names = [one.name for one in site.host.engine.dedup.streams.values()]
    ended = [Alert(ts=NOW, name=name, entity="checkout", service="checkout", status="resolved") for name in names]
    site.host.fold(ended)
    assert "Nothing of this incident fires now." in page(site, f"/silences?incident={site.incident}").text


def test_matchers_that_match_nothing_name_the_nearest_value(site: Any) -> None:
    shown = page(site, "/silences?service=chekout")
    assert "Matches nothing of the last 15 min" in shown.text
    (link,) = [link for link in shown.links if "matchers=service%3D%22checkout%22" in link and "%0A" not in link]
    assert "3 firing now" in page(site, link).text


def test_form_that_changed_after_its_preview_is_looked_at_again(site: Any) -> None:
    html = post(site, status=200, matchers=MATCHERS, lasts="2h", do="preview").text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', html)
    assert seen is not None
    # The lines of a field come back with other ends.
    two = post(site, status=200, matchers=f"{MATCHERS}\nalertname=~Check.*", lasts="2h", do="preview").text
    digest = re.search(r'name="seen" value="([0-9a-f]+)"', two)
    assert digest is not None
    post(site, lasts="2h", do="add", matchers=f"{MATCHERS}\r\nalertname=~Check.*", seen=digest[1])
    post(site, f"/silences/{site.host.silences()[0].id}/end")
    answer = post(site, status=200, matchers='service="other"', lasts="2h", do="add", seen=seen[1])
    assert "not what the preview showed" in Parsed(answer.text).text
    assert list(site.host.silences()) == []
    post(site, matchers=MATCHERS, lasts="2h", do="add", seen=seen[1], comment="a reason comes after the preview")
    assert len(site.host.silences()) == 1


def test_new_silence_is_undone_by_its_end(site: Any) -> None:
    post(site, matchers=MATCHERS, lasts="2h")
    undo = undo_of(site)
    post(site, undo.pop("path"), **undo)
    assert list(site.host.silences()) == []


def test_ended_silence_comes_back_as_it_was(site: Any) -> None:
    fields: dict[str, Any] = {
        "matchers": MATCHERS,
        "lasts": "2h",
        "every": "week",
        "zone": "Europe/Berlin",
        "comment": "<b>patch</b>",
    }
    post(site, **fields)
    (before,) = site.host.silences()
    post(site, f"/silences/{before.id}/end")
    undo = undo_of(site)
    post(site, undo.pop("path"), **undo)
    (after,) = site.host.silences()
    for name in ("id", "matchers", "start", "end", "every", "zone", "comment"):
        assert getattr(after, name) == getattr(before, name), name


def test_silence_is_extended_and_that_is_undone(site: Any) -> None:
    post(site, matchers=MATCHERS, lasts="2h")
    (before,) = site.host.silences()
    post(site, f"/silences/{before.id}/extend", by="8h")
    (after,) = site.host.silences()
    assert after.end == before.end + 8 * 3_600
    assert after.start == before.start
    undo = undo_of(site)
    post(site, undo.pop("path"), **undo)
    assert site.host.silences()[0].end == before.end
    post(site, f"/silences/{before.id}/extend", 400, by="1 year")
    post(site, "/silences/nothing/extend", 404, by="1h")


def test_recurring_silence_is_changed_and_not_extended(site: Any) -> None:
    post(site, matchers=MATCHERS, lasts="2h", every="day", zone="Europe/Berlin", start="2026-03-02T03:30")
    (before,) = site.host.silences()
    post(site, f"/silences/{before.id}/extend", 409, by="1h")
    html = site.client.get(f"/silences?edit={before.id}").text
    assert 'value="2026-03-02T03:30:00"' in html
    assert f'name="id" value="{before.id}"' in html
    post(site, matchers=MATCHERS, lasts="3h", every="day", zone="Europe/Berlin", start="2026-03-02T03:30", id=before.id)
    (after,) = site.host.silences()
    assert (after.id, after.end - after.start) == (before.id, 3 * 3_600)
    assert "Changed" in page(site, "/silences").text


def test_table_shows_state_creator_and_what_would_have_matched(site: Any) -> None:
    post(site, matchers=MATCHERS, lasts="2h", comment="known <i>")
    post(site, matchers="service=web", lasts="2h", start="2026-03-08T10:00", comment="to come")
    site.host.fold([Alert(ts=NOW, name="CheckoutErrors", entity="checkout", service="checkout", id="m1")])
    shown = page(site, "/silences")
    text = " ".join(shown.text.split())
    assert "Active" in text
    assert "Starts in 6 d" in text
    assert "known <i> · local" in text
    assert "3 firing now" in text
    assert "nothing" in text
    assert "Next 14 days" in text


def test_ended_silences_are_listed_and_set_again(site: Any) -> None:
    post(site, matchers=MATCHERS, lasts="2h", comment="gone")
    (silence,) = site.host.silences()
    post(site, f"/silences/{silence.id}/end")
    assert "gone" not in page(site, "/silences").text.replace("undone", "")
    shown = page(site, "/silences?show=ended")
    assert "gone" in shown.text
    (again,) = [link for link in shown.links if "again=" in link and link.endswith("#new")]
    assert "Silence 3 streams for" in page(site, again).text
    assert site.client.get("/silences?again=nothing").status_code == 404


def test_labels_of_the_history_are_offered_before_they_fire(site: Any) -> None:
    site.host.fold([Alert(ts=NOW, name="Disk", entity="db-7", severity="info", labels={"team": "storage"}, id="d")])
    site.host.fold([Alert(ts=NOW, name="Disk", entity="db-7", labels={"team": "storage"}, status="resolved")])
    shown = page(site, "/silences?service=checkout")
    assert "team: storage" in " ".join(shown.text.split())
    (link,) = [link for link in shown.links if "team" in link]
    form = page(site, link)
    assert 'service="checkout"\nteam="storage"' in form.text


def test_page_without_silences_is_true_with_and_without_endpoints(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "incidents go to the endpoints" in page(site, "/silences").text
    monkeypatch.setattr(site.host, "routing", NoRouting())
    text = page(site, "/silences").text
    assert "nobody is notified of anything: no endpoint is configured" in text
    assert "incidents go to" not in text


def test_page_works_while_the_engine_is_busy(site: Any) -> None:
    site.host.busy = True
    assert "Matches 3 streams" in page(site, "/silences?service=checkout").text
    assert "No silence ended" in page(site, "/silences?show=ended").text


def test_recurring_silence_shows_the_change_of_the_clocks(site: Any) -> None:
    args = {"id": "nightly", "matchers": "service=web", "from": str(NOW), "until": str(NOW + 3_600), "every": "day"}
    site.host.fold([Action(ts=NOW, verb="silence", args={**args, "zone": "Europe/Berlin"}, message="backup")])
    shown = page(site, "/silences")
    assert shown.text.count("backup") >= 14


@pytest.mark.parametrize(
    "query", ["matchers=a%3D%22b", "service=x&for=soon", "edit=nothing", "matchers=" + "a%3Db%0A" * 40]
)
def test_address_that_does_not_fit_is_answered_beside_the_form(lasting: Any, query: str) -> None:
    answer = lasting.client.get(f"/silences?{query}")
    assert answer.status_code in (400, 404)
    assert 'role="alert"' in answer.text
