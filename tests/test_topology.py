"""Topologies: cycles and dangling edges are told and do no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.errors import UsageError
from aiops.topology import Edge, Node, Topology, load_topology


def test_cycles_are_allowed_and_walks_end() -> None:
    topology = Topology.build([Node("a"), Node("b"), Node("c")], [Edge("a", "b"), Edge("b", "c"), Edge("c", "a")])
    assert topology.within("a", 5) == {"a": 0, "b": 1, "c": 1}


def test_a_dangling_edge_makes_its_node_and_is_told() -> None:
    topology = Topology.build([Node("a")], [Edge("a", "ghost")])
    assert topology.nodes["ghost"].kind == "unknown"
    assert "ghost" in topology.warnings[0]


def test_an_edge_to_itself_is_left_out_and_told() -> None:
    topology = Topology.build([Node("a")], [Edge("a", "a")])
    assert topology.edges == []
    assert "itself" in topology.warnings[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "topology"),
        ("[]", "object"),
        ('{"nodes": [{"kind": "host"}]}', "nodes[0]"),
        ('{"nodes": [], "edges": [{"from": "a"}]}', "edges[0]"),
        ('{"nodes": [{"id": 3}]}', "nodes[0].id"),
    ],
)
def test_a_file_that_does_not_fit_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_topology(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_yaml_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("nodes: [{id: web}, {id: db, kind: database}]\nedges: [{from: web, to: db, kind: uses}]\n")
    topology = load_topology(path)
    assert topology.depends_on == {"web": {"db": "uses"}}
    assert topology.graph().edges["web", "db"]["kind"] == "uses"


def test_neighbours_are_what_an_entity_depends_on_and_then_what_depends_on_it() -> None:
    topology = Topology.build([Node("web"), Node("api"), Node("db")], [Edge("web", "api"), Edge("api", "db")])
    assert list(topology.neighbours("api")) == ["db", "web"]
    assert list(topology.neighbours("nobody")) == []
