"""The end of a silence in a real daemon: by time and by hand, what still fires is notified without a repeat."""

from __future__ import annotations

import time

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
