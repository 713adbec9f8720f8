"""The way of a playbook from a suggestion to a run without a person, in answers of the daemon.

Ann approves eight rollbacks, three more causes are confirmed, and she promotes the playbook. At night the twelfth bad
rollout is handled while nobody looks.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from examples.first_response.shop import BAD, GOOD, Shop
from examples.first_response.site import PLAYBOOK, Json, Site, until
from examples.first_response.transcript import Transcript

APPROVED = ("orders", "cart", "search", "catalog", "reviews", "payments", "shipping", "stock")
CONFIRMED = ("mail", "coupons", "returns")
NIGHT = "checkout"
# Those of the playbook.
COLLECTORS = 4


def evidence(site: Site, out: Transcript) -> None:
    """Suggest, approve, verify, confirm, promote."""
    shop = site.shop
    out.title("Before: people approve each run")
    first, *others = APPROVED
    incident = _first(site, out, first)
    for name in others:
        shop.roll_out(name, BAD)
    for name in others:
        _approve(site, site.incident_on(name)["id"])
    out.say("approve", f"the same for {len(others)} more: {', '.join(others)}")
    for name in APPROVED:
        _verified(site, site.incident_on(name)["id"])
    run = site.runs_of(incident)[0]
    out.say("verify", f"run of {first}: {run['state']}: the condition cleared and stayed clear", at=run["ended_at"])
    for name in APPROVED:
        _confirm(site, name)
    for name in CONFIRMED:
        # Somebody repairs these by hand.
        shop.roll_out(name, BAD)
        site.incident_on(name)
        shop.roll_out(name, GOOD)
        _confirm(site, name)
    out.say("confirm", f"ann confirmed the causes of {len(APPROVED) + len(CONFIRMED)} incidents, and resolved them")
    _promote(site, out)


def _first(site: Site, out: Transcript, name: str) -> str:
    """Show the first run in full: the kill switch, the plan, the approval."""
    site.shop.roll_out(name, BAD)
    incident = site.incident_on(name)["id"]
    out.say("incident", f"{incident}: {site.incident_on(name)['title']}")
    plan = site.plan(incident)
    out.say("plan", plan["sentence"])
    status, answer = _asked(site, incident, plan, "ann")
    out.say("approve", f"ann: {status} {answer.get('error', '')}")
    moved = site.post("/api/v1/switches", {"scope": "global", "engaged": False, "reason": "first response is on"})
    switch = moved["moved"]["global"]
    out.say(
        "switch", f"global: {'engaged' if switch['engaged'] else 'released'} by {switch['actor']}: {switch['reason']}"
    )
    status, answer = _asked(site, incident, site.plan(incident), "bob")
    out.say("approve", f"bob: {status} {answer.get('error', '')}")
    status, answer = _asked(site, incident, site.plan(incident), "ann")
    out.say("approve", f"ann: {status} started: {answer['started']}")
    return str(incident)


def _asked(site: Site, incident: str, plan: Json, person: str) -> tuple[int, Json]:
    body = {"playbook": PLAYBOOK, "plan": plan["id"]}
    return site.call("POST", f"/api/v1/incidents/{incident}/approve", body, person)


def _approve(site: Site, incident: str) -> None:
    status, answer = _asked(site, incident, site.plan(incident), "ann")
    if status != 200 or not answer["started"]:
        raise ValueError(f"not started: {answer}")


def _confirm(site: Site, name: str) -> None:
    incident = site.incident_on(name)["id"]
    site.post(f"/api/v1/incidents/{incident}/confirm-cause", {"entity": name})
    site.post(f"/api/v1/incidents/{incident}/resolve", {})


def _verified(site: Site, incident: str) -> None:
    until(lambda: (runs := site.runs_of(incident)) and runs[0]["state"] == "verified", f"the run of {incident}")


def standing(site: Site) -> Json:
    """Return where the playbook stands."""
    found: Json = next(one for one in site.get("/api/v1/runs/promotions")["promotions"] if one["playbook"] == PLAYBOOK)
    return found


def _promote(site: Site, out: Transcript) -> None:
    known = standing(site)["evidence"]
    out.say(
        "evidence",
        f"{known['verified']} of {known['judged']} judged runs verified: "
        f"a rate of at least {known['low']:.2f} (Wilson, 95 %)",
    )
    body = {"mode": "auto", "reason": "eight of eight were right"}
    made = site.post(f"/api/v1/playbooks/{PLAYBOOK}/mode", body)
    moved = made["moved"]
    out.say("promote", f"{PLAYBOOK}: {moved['mode']} by {moved['actor']}: {moved['reason']}")


def night(site: Site, out: Transcript) -> None:
    """Play the twelfth bad rollout, while nobody looks."""
    shop = site.shop
    out.title("At night: without a person")
    before = len(shop.writes())
    shop.roll_out(NIGHT, BAD)
    out.say("rollout", f"{NIGHT}: image {shop.image(NIGHT)}; its pods crash on start")
    incident = site.incident_on(NIGHT)
    alert = incident["members"][0]
    out.say(
        "alert", f"{alert['name']} on {alert['entity']}: {alert['message']} ({alert['severity']})", at=alert["first_at"]
    )
    out.say("incident", f"{incident['id']}: {incident['title']}", at=incident["opened_at"])
    looked(site, out, incident["id"])
    run = until(lambda: next(iter(site.runs_of(incident["id"])), None), "a run")
    cause(out, site.get(f"/api/v1/incidents/{incident['id']}")["incident"])
    record = site.get(f"/api/v1/runs/{run['id']}")
    guards(out, record)
    until(lambda: site.runs_of(incident["id"])[0]["state"] == "verified", "verification")
    requests(out, site.get(f"/api/v1/runs/{run['id']}"))
    out.say("cluster", f"{NIGHT}: image {shop.image(NIGHT)}; requests that change something:", shop.writes()[before:])
    until(lambda: any("verified" in text for _, text in news(shop, incident["id"])), "the notification")
    for at, text in news(shop, incident["id"]):
        out.say("pager", text, at=at)


def collected(site: Site, incident: str) -> list[Json]:
    """Wait until all collectors have read or were refused; return them in the order of their reads."""

    def done() -> list[Json] | None:
        found: list[Json] = site.get(f"/api/v1/incidents/{incident}/findings")["looked"]
        mine = [one for one in found if one["playbook"] == PLAYBOOK]
        return mine if len(mine) >= COLLECTORS and all(one["state"] != "reading" for one in mine) else None

    found: list[Json] = until(done, "the collectors")
    return sorted(found, key=lambda one: (one["state"] != "done", one["at"]))


def looked(site: Site, out: Transcript, incident: str) -> None:
    """Print what the collectors read, with what they found or why they did not."""
    for one in collected(site, incident):
        what = one["reason"] if one["state"] != "done" else _rows(one)
        out.say("look", f"{one['name']} ({one['system']}): {what}", [f"found: {text}" for text in one["found"]])


def _rows(one: Json) -> str:
    count = len(one["rows"]) + one["more"]
    rows = f"{count} row{'' if count == 1 else 's'}" if count else "nothing found"
    return f"{rows} ({one['note']})" if one["note"] else rows


def cause(out: Transcript, incident: Json) -> None:
    """Print the first suspect with its evidence."""
    first = incident["causes"][0]
    sure = f", probability {first['probability']:.2f}" if first.get("probability") is not None else ""
    texts = [f"{one['value']:+.2f} {one['text']}" for one in first["evidence"]]
    out.say("cause", f"{first['entity']} ({first['confidence']}{sure})", texts)
    out.say("playbook", f"{incident['playbooks'][0]['name']} on {incident['playbooks'][0]['target']}")


def guards(out: Transcript, record: Json) -> None:
    """Print each guard's answer at the start of a run."""
    lines = [f"{one['number']:>2} {one['guard']}: {_answer(one)}" for one in record["guards"]]
    numbers = {one["number"] for one in record["guards"]}
    run = record["run"]
    for one in run["states"]:
        out.say("plan", f"{one['name']}: {one['observed']['summary']}", at=run["started_at"])
    out.say("guards", f"run {run['id']} began; the {len(numbers)} guards just then:", lines, at=run["started_at"])


def _answer(one: Json) -> str:
    return "holds" if one["state"] == "passed" else f"{one['reason']}"


def requests(out: Transcript, record: Json) -> None:
    """Print each request of a run with its answer."""
    lines = [(one["answered_at"], *_exchange(one)) for one in record["exchanges"]]
    lines += [(step["at"], "run", step["text"]) for step in record["steps"]]
    for at, subject, text in sorted(lines, key=lambda one: one[0]):
        out.say(subject, text, at=at)


def _exchange(one: Json) -> tuple[str, str]:
    path = "/" + one["url"].split("/", 3)[3]
    kind = "dry run" if "dryRun" in path else "read" if one["method"] == "GET" else "change"
    place = one["place"].partition(" ")[0]
    answer = f"{one['method']} {path.partition('?')[0]}: {one['problem'] or one['status']}"
    return kind if place == "step" else place, f"{one['name']}: {answer}"


def news(shop: Shop, incident: str) -> list[tuple[float, str]]:
    """Return the messages that the pager got on an incident, each with its time (Unix seconds)."""
    found: list[Any] = [json.loads(one.body) for one in list(shop.pager.requests)]
    return [
        (datetime.fromisoformat(one["time"]).timestamp(), f"{one['type'].rpartition('.')[2]}: {one['data']['text']}")
        for one in found
        if one["subject"] == incident
    ]
