"""The same rollout where one guard refuses: each on a copy of the state in which all of them held.

Each variant has a daemon, a cluster and a pager of its own. What is printed of it is what the daemon decided, which of
its guards refused, and what the cluster received.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct, field

from aiops.testing.kubernetes_openapi import Fault, Sent
from examples.first_response.shop import BAD, Shop, open_shop
from examples.first_response.site import FILES, PLAYBOOK, Json, Site, until
from examples.first_response.story import NIGHT, collected
from examples.first_response.transcript import Transcript

BOOK, CONFIG = f"playbooks/{PLAYBOOK}.yaml", "aiops.toml"
OTHER, SECOND = "gifts", "restart-deployment"
# Daemons at once: each waits most of the time.
AT_ONCE = 4
GUARDS = "guards:\n"
RESPOND = "[respond]\n"
ALWAYS = '["Mon 00:00/Sun 00:00", "Sun 00:00/Mon 00:00"]'


def _roll_out(site: Site) -> None:
    site.shop.roll_out(NIGHT, BAD)


class Variant(Struct):
    """The difference: `edits` of files (old text, new text) before the start, `act` while the daemon runs."""

    code: str
    what: str
    edits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    act: Callable[[Site], None] = _roll_out
    prepare: Callable[[Site], None] = lambda site: None
    target: str = NIGHT


def _guard(text: str) -> dict[str, dict[str, str]]:
    return {BOOK: {GUARDS: f"{GUARDS}  {text}\n"}}


def _policy(text: str) -> dict[str, dict[str, str]]:
    return {CONFIG: {RESPOND: f"{RESPOND}{text}\n"}}


def _switch(site: Site, engaged: bool, scope: str = "global") -> None:
    site.post("/api/v1/switches", {"scope": scope, "engaged": engaged, "reason": "a variant"})


def _stopped(site: Site) -> None:
    _switch(site, True)
    _roll_out(site)


def _worked_on(site: Site) -> None:
    _switch(site, True)
    _roll_out(site)
    site.post(f"/api/v1/incidents/{site.incident_on(NIGHT)['id']}/acknowledge", {})
    _switch(site, False)


def _two(site: Site) -> None:
    site.shop.roll_out(OTHER, BAD)
    site.incident_on(OTHER)
    _roll_out(site)


def _again(site: Site) -> None:
    site.shop.roll_out("orders", BAD)


def _managed(site: Site) -> None:
    site.shop.labels["argocd.argoproj.io/instance"] = "shop"
    _roll_out(site)


def _nameless(site: Site) -> None:
    site.shop.labels["namespace"] = None
    _roll_out(site)


def _old(site: Site) -> None:
    site.shop.ages[NIGHT] = 3 * 3600.0
    _roll_out(site)


def _at_once(site: Site) -> None:
    """Another rollback is under way, and does not finish."""
    _stall(site, OTHER)
    until(lambda: _states(site, OTHER) == ["running"], "the other run")
    _roll_out(site)


def _held(site: Site) -> None:
    """A person's run of another playbook holds the target."""
    _switch(site, True, f"playbook:{PLAYBOOK}")
    _stall(site, NIGHT)
    incident = site.incident_on(NIGHT)["id"]
    body = {"playbook": SECOND, "plan": site.plan(incident, SECOND)["id"]}
    site.post(f"/api/v1/incidents/{incident}/approve", body)
    until(lambda: _states(site, NIGHT) == ["running"], "the run of the other playbook")
    _switch(site, False, f"playbook:{PLAYBOOK}")


def _failed(site: Site) -> None:
    """The last run, which a person approved, failed: the API server refused the change after its dry run."""
    mode = f"/api/v1/playbooks/{PLAYBOOK}/mode"
    site.post(mode, {"mode": "approve", "reason": "a variant"})
    site.shop.api.before = _refuse_changes
    site.shop.roll_out(OTHER, BAD)
    incident = site.incident_on(OTHER)["id"]
    site.post(f"/api/v1/incidents/{incident}/approve", {"playbook": PLAYBOOK, "plan": site.plan(incident)["id"]})
    until(lambda: _states(site, OTHER) == ["failed"], "the run that fails")
    site.post(mode, {"mode": "auto", "reason": "a variant"})
    _roll_out(site)


def _refuse_changes(request: Sent) -> None:
    if request.method == "PATCH" and "dryRun" not in request.query:
        raise Fault(403, "admission webhook denied the request: a change freeze began")


def _stall(site: Site, name: str) -> None:
    site.shop.roll_out(name, BAD)
    until(lambda: not site.shop.is_available(name), "pods that crash")
    site.shop.stalled.add(name)


def _states(site: Site, name: str) -> list[str]:
    return [one["state"] for one in site.runs_of(site.incident_on(name)["id"])]


def _second(site: Site) -> None:
    shutil.copy(FILES / "second" / f"{SECOND}.yaml", site.directory / "playbooks")


VARIANTS = (
    Variant("kill_switch", "the global switch is engaged", act=_stopped),
    Variant("mode_ceiling", "respond.ceiling is approve", {CONFIG: {'ceiling = "auto"': 'ceiling = "approve"'}}),
    Variant("unproven", "20 judged runs are wanted", {CONFIG: {"min_verified_runs = 8": "min_verified_runs = 20"}}),
    Variant("person_at_work", "ann acknowledges the incident", act=_worked_on),
    Variant("system_missing", "Prometheus is not configured", {CONFIG: {"systems.prometheus]": "systems.metrics]"}}),
    Variant(
        "confidence_unproven",
        "a certainty of .99 is wanted",
        {CONFIG: {"min_certainty = 0.6": "min_certainty = 0.99"}},
    ),
    Variant("too_young", "the playbook waits for an hour", {BOOK: {"minAge: 0s": "minAge: 1h"}}),
    Variant("storm_rate", "two incidents, one is permitted", _guard("stormIncidents: 1"), act=_two),
    Variant("target_protected", f"respond.protect has {NIGHT}", _policy(f'protect = ["{NIGHT}"]')),
    Variant("target_not_allowed", "respond.allow has databases", _policy('allow = ["*-db"]')),
    Variant("deny_window", "no runs at any time", _guard(f"windows: {{deny: {ALWAYS}}}")),
    Variant("gitops_managed", "the alert has a label of Argo CD", act=_managed),
    Variant("cooldown", "orders breaks again", {BOOK: {"1.0.0": "1.0.1"}}, _again, target="orders"),
    Variant("breaker_open", "the API server refused the change of the run before", act=_failed),
    Variant("target_busy", "a person's restart is under way on it", act=_held, prepare=_second),
    Variant("concurrency", "another rollback is under way", {BOOK: {"Concurrent: 10": "Concurrent: 1"}}, _at_once),
    Variant("parameter_missing", "the alert names no namespace", act=_nameless),
    Variant("precondition", "the newest revision is three hours old", act=_old),
    Variant("rate_limit", "eight runs were made, eight are permitted", {BOOK: {"count: 20": "count: 8"}}),
)  # fmt: skip


def variants(start: Path, scratch: Path, out: Transcript) -> None:
    """Run all variants, each on a copy of the site at `start`."""
    out.title("The same, where one guard refuses")

    def made(number: int) -> tuple[str, list[str]]:
        directory = scratch / f"variant-{number}"
        shutil.copytree(start, directory)
        with open_shop() as shop:
            return _variant(VARIANTS[number], directory, shop)

    with ThreadPoolExecutor(AT_ONCE) as workers:
        for number, (text, more) in enumerate(workers.map(made, range(len(VARIANTS)))):
            out.say(f"variant {number + 1}", text, more)


def _variant(variant: Variant, directory: Path, shop: Shop) -> tuple[str, list[str]]:
    site = Site(directory, shop)
    variant.prepare(site)
    for file, changes in variant.edits.items():
        site.edit(file, changes)
    with site.running():
        variant.act(site)
        incident = site.incident_on(variant.target)["id"]
        if variant.code == "precondition":
            lines = [_run(site, incident)]
        else:
            lines = [_decision(site, incident, variant), _guards(site, incident)]
        if variant.code != "target_busy":
            # There the other playbook may come first, and its collectors would be read.
            collected(site, incident)
        lines.append(_received(shop, variant))
    return f"{variant.code}: {variant.what}", lines


def _received(shop: Shop, variant: Variant) -> str:
    """State what the cluster received; raise `ValueError` if the target was changed by what was refused."""
    changes = Counter(path.partition("?")[0].rpartition("/")[2] for path in shop.writes())
    mine, image = changes.pop(variant.target, 0), shop.image(variant.target)
    if image != BAD.format(variant.target) or mine != (variant.code == "target_busy"):
        raise ValueError(f"{variant.code}: {variant.target} was changed: {image}, {shop.writes()}")
    others = "".join(f", {count} of {name}" for name, count in changes.items())
    own = "1, the restart that the person approved" if mine else "none"
    return f"cluster: {len(shop.api.sent)} requests; changes of {variant.target}: {own}{others}"


def _decision(site: Site, incident: str, variant: Variant) -> str:
    """Wait for the decision of the engine; below the ceiling `auto` it takes none."""
    if variant.code == "mode_ceiling":
        return "decision: none is taken, as nothing may run without a person"

    def last() -> Json | None:
        mine = [one for one in site.get("/api/v1/runs/decisions")["decisions"] if one["incident"] == incident]
        return mine[0] if mine and mine[0]["code"] == variant.code else None

    found = until(last, f"the decision {variant.code}")
    return f"decision: {found['code']}: {found['reason']}"


def _guards(site: Site, incident: str) -> str:
    """Name the guards that refuse a run without a person, of all."""
    checks = site.plan(incident)["automatic"]
    refused = [one for one in checks if one["state"] == "refused"]
    names = ", ".join(f"{one['number']} {one['guard']}" for one in refused)
    if len(refused) != 1:
        raise ValueError(f"expected one refusal; got {names}")
    return f"guards: one of {len(checks)} answers refuses: {names}"


def _run(site: Site, incident: str) -> str:
    run = until(
        lambda: next((one for one in site.runs_of(incident) if one["state"] == "refused"), None), "a refused run"
    )
    return f"run: {run['state']}: {run['why']}"
