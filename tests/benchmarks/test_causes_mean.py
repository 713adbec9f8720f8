"""The mean of root cause figures counts every system once."""

from __future__ import annotations

from aiops.ports import AlertFact, IncidentView
from aiops.records import RootCause
from aiops.topology import Edge, Node, Topology
from benchmarks.accuracy.causes_data import Case, System
from benchmarks.accuracy.causes_mean import mean_table

SITE = Topology.build([Node("web"), Node("db")], [Edge("web", "db", "calls")])


def system(name: str, *roots: str) -> System:
    """Cases in which `db` alone alerts; those with another root are missed."""
    cases = [
        Case(IncidentView(f"{name}-{n}", 0.0, [AlertFact("db", "HighCpuLoad", 3, 1, 0.0, 0.0)]), RootCause(root))
        for n, root in enumerate(roots)
    ]
    return System(name, SITE, cases)


def test_states_of_one_shop_are_one_system() -> None:
    table = mean_table(
        [system("petshop low", "db", "db", "db"), system("petshop temporal 1", "web"), system("x", "web")]
    )
    columns = [list(column.cells) for column in table.columns]
    assert columns[0] == ["petshop", "x", "mean"]
    assert columns[1] == ["4", "1", ""]
    # Three of four, none of one; the mean is that of systems, not of cases.
    assert columns[2] == ["0.750", "0.000", "0.375"]
