"""All pages of the seeded site: routes without parameters by themselves, the others by examples."""

from __future__ import annotations

from collections.abc import Mapping

from tests.browser.forms import routes

# Not for people to read: files, and what only answers a script.
_NOT_PAGES = ("/static/", "/playbooks/{name}/yaml")
# Addresses that are answered with a page and another status.
OTHER = {
    "/nothing/here": 404,
    "/?q=disk+%22": 400,
    "/incidents/inc-nothing": 404,
    "/runs/none": 404,
    "/deliveries/999999": 404,
    "/alerts?when=between&q=wend:x": 400,
}
# Addresses by route. `{large}` and so on are incidents of `seeds.sow`.
EXAMPLES: dict[str, list[str]] = {
    "/": ["/", "/?status=all", "/?q=service:paymens", "/?severity=critical&sort=alerts&order=asc", "/?q=disk+%22"],
    "/incidents/bulk": [
        f"/incidents/bulk?do={word}&incident={{large}}&incident={{hostile-1}}" for word in ("assign", "snooze", "merge")
    ],
    "/incidents/{id}": [
        "/incidents/{large}",
        "/incidents/{deploy}",
        *(f"/incidents/{{hostile-{n}}}" for n in range(5)),
    ],
    "/incidents/{id}/explain": [
        "/incidents/{deploy}/explain?alert=d-1",
        "/incidents/{hostile-1}/explain?alert=hostile-1-0",
    ],
    "/alerts": ["/alerts?when=all", "/alerts?q=entity:payments-apj", "/alerts?when=between&q=wend:x"],
    "/replay/{id}": ["/replay/{replay}"],
    "/runs/{id}": ["/runs/{run}"],
    "/playbooks": ["/playbooks", "/playbooks?q=nothing+like+this"],
    "/playbooks/{name}": ["/playbooks/restart-worker", "/playbooks/restart-worker?incident={hostile-1}"],
    "/deliveries": ["/deliveries", "/deliveries?state=dead"],
    "/deliveries/{id:int}": ["/deliveries/1", "/deliveries/999999"],
    "/silences": ["/silences", "/silences?alertname=HTTPErrorRateHigh&entity=x%E2%80%AEy"],
    "/{path:path}": ["/nothing/here"],
    "/login": ["/login", "/login?next=%2Fincidents%2Finc-1"],
}


def paths(incidents: Mapping[str, str]) -> dict[str, list[str]]:
    """The addresses to open, by route; fail on a route with parameters and no example."""
    found: dict[str, list[str]] = {}
    for route in routes():
        if "GET" not in (route.methods or ()) or route.path.startswith(_NOT_PAGES):
            continue
        assert "{" not in route.path or route.path in EXAMPLES, f"{route.path}: add an example to tests/browser/tour.py"
        found[route.path] = [one.format_map(incidents) for one in EXAMPLES.get(route.path, [route.path])]
    return found
