"""Routes and inhibition of a configuration, built for the daemon."""

from __future__ import annotations

import pytest

from aiops.app.routing import described, open_inhibition, open_policy
from aiops.errors import UsageError
from aiops.notify.inhibition import NOTHING_INHIBITED, Inhibitor
from aiops.topology import Edge, Node, Topology
from tests.notify.routed_desk import config_of

GRAPH = Topology.build([Node("web"), Node("db")], [Edge("web", "db", "uses")])
ENDPOINTS = "".join(f'[[endpoints]]\nname = "{name}"\ntype = "webhook"\n' for name in ("chat", "dba", "spare"))
RULE = "[[inhibit_rules]]\nsource_matchers = ['a=b']\ntarget_matchers = ['severity=\"ticket\"']\n"


def test_without_rules_nothing_is_inhibited() -> None:
    assert open_inhibition(config_of(ENDPOINTS), GRAPH) is NOTHING_INHIBITED
    assert open_inhibition(config_of("[inhibition]\ntopology = true"), Topology()) is NOTHING_INHIBITED
    assert isinstance(open_inhibition(config_of("[inhibition]\ntopology = true"), GRAPH), Inhibitor)
    assert isinstance(open_inhibition(config_of(RULE), Topology()), Inhibitor)


def test_the_policy_has_the_routes_of_the_configuration() -> None:
    policy = open_policy(config_of(ENDPOINTS + '[route]\nendpoints = ["chat"]'), Topology())
    assert policy.routes.reached_names == {"chat"}


def test_a_check_states_what_is_there_and_warns_of_what_cannot_be_meant() -> None:
    text = ENDPOINTS.replace('name = "chat"', 'name = "chat"\nfallback = "spare"') + RULE
    lines = described(config_of(text + '[route]\nendpoints = ["chat"]\n[inhibition]\ntopology = true'), Topology())
    word = 'severity="ticket"'
    assert lines == [
        "routes: 1 route",
        "routes: warning: no route leads to endpoint dba",
        "inhibition: 1 rule",
        f"inhibition: warning: rule 1: {word}: no level has this word; it matches the sender's own label alone",
        "inhibition: by topology, which has no edge: nothing is inhibited",
    ]
    assert described(config_of(ENDPOINTS), Topology()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[route]\nendpoints = ["cat"]', r"test: \$\.route\.endpoints\[0\]: unknown endpoint"),
        ("[[inhibit_rules]]\nsource_matchers = []\ntarget_matchers = ['a=b']", r"test: \$\.inhibit_rules\[0\]"),
        ("[[time_intervals]]\nname = 'n'\ntime_intervals = [{}]", r"test: \$\.time_intervals: no route uses them"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_start_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        config_of(ENDPOINTS + text)
