"""The end of a silence in a real daemon: by time and by hand, what still fires is notified without a repeat."""

from __future__ import annotations

import time
from typing import Any

from aiops.testing.receiver import Receiver
from tests.daemon.test_notifications import Site, post, sent, site
from tests.web.test_daemon import wait_for

__all__ = ["site"]


def test_the_end_by_hand_answers_what_is_notified_and_notifies_it(site: Site) -> None:
    client, receiver = site
    matchers = [{"label": "alertname", "op": "=", "value": "QuietDown"}]
    made = client.post("/api/v1/silences", json={"matchers": matchers, "until": time.time() + 3_600, "id": "quiet"})
    assert made.status_code == 201, made.text
    post(client, {"alertname": "QuietDown", "instance": "quiet-1", "severity": "critical"})
    wait_for(lambda: 'aiops_alerts_total{disposition="suppressed"} 1' in client.get("/metrics").text)
    assert not any("QuietDown" in one["incident"]["title"] for one in sent(receiver))
    done = client.delete("/api/v1/silences/quiet").json()
    assert done["reason"].endswith("1 alert stream still fires under it: 1 is in 1 incident and notified now")
    wait_for(lambda: any("QuietDown" in one["incident"]["title"] for one in sent(receiver)))


def test_the_end_by_time_notifies_it(site: Site) -> None:
    client, receiver = site
    matchers = [{"label": "alertname", "op": "=", "value": "ShortQuiet"}]
    made = client.post("/api/v1/silences", json={"matchers": matchers, "until": time.time() + 5, "id": "short"})
    assert made.status_code == 201, made.text
    post(client, {"alertname": "ShortQuiet", "instance": "short-1", "severity": "critical"})
    wait_for(lambda: any("ShortQuiet" in one["incident"]["title"] for one in sent(receiver)))
    told = next(one for one in sent(receiver) if "ShortQuiet" in one["incident"]["title"])
    assert told["change"] == "opened"


def test_a_silence_over_an_open_incident_holds_its_news_until_it_ends(site: Site) -> None:
    client, receiver = site
    post(client, {"alertname": "LateQuiet", "service": "late", "severity": "critical", "instance": "late-1"})
    wait_for(lambda: late(receiver))
    name = late(receiver)[0]["incident"]["id"]
    matchers = [{"label": "service", "op": "=", "value": "late"}]
    made = client.post("/api/v1/silences", json={"matchers": matchers, "until": time.time() + 3_600, "id": "late"})
    assert made.status_code == 201, made.text
    shown = client.get(f"/api/v1/incidents/{name}").json()["incident"]
    assert shown["silenced_by"] == ["late"]
    assert shown["members"][0]["silenced_by"] == "late"
    assert "By late: all of its firing alerts are muted" in client.get(f"/incidents/{name}").text
    # It is ranked about 30 s after it opened; the ranking is in the store, and no message says so.
    wait_for(lambda: client.get(f"/api/v1/incidents/{name}").json()["incident"].get("causes"))
    post(client, {"alertname": "LateWorse", "service": "late", "severity": "critical", "instance": "late-1"})
    assert [one["change"] for one in late(receiver)] == ["opened"]
    client.delete("/api/v1/silences/late")
    wait_for(lambda: len(late(receiver)) > 1)
    assert "LateWorse" in str([one.get("news") or one["incident"]["title"] for one in late(receiver)[1:]])


def late(receiver: Receiver) -> list[dict[str, Any]]:
    return [one for one in sent(receiver) if "late-1" in one["incident"]["entities"]]
