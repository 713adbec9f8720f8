"""Pictures: valid, accessible, bounded SVG without anything that came in an alert unescaped."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

import aiops
from aiops.notebook.graph_picture import MAX_NODES
from aiops.notebook.picture import GLYPHS, Drawing, Picture, fit, xml
from aiops.notebook.timeline_picture import MAX_CHANGES
from aiops.wording import plural

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert(1)</script>\x00\x1b[2J\u202e&amp;\ud800\ufffe\" onload='x'"

Draw = Callable[[aiops.Result], Picture]
PICTURES: dict[str, Draw] = {
    "timeline": lambda result: result.plot_timeline(),
    "timeline of an incident": lambda result: result.plot_timeline(worst(result)),
    "graph": lambda result: result.plot_graph(worst(result)),
}


def worst(result: aiops.Result) -> str:
    return str(result.incidents.sort_values(["severity", "alerts"]).index[-1])


def parsed(picture: Picture) -> ElementTree.Element:
    return ElementTree.fromstring(picture.svg)


def texts(picture: Picture) -> list[str]:
    """The texts that are drawn, without hints."""
    return ["".join(each.xpath_text) for each in _texts(parsed(picture))]


class _Text:
    def __init__(self, element: ElementTree.Element) -> None:
        self.xpath_text = [element.text or "", *(child.tail or "" for child in element)]


def _texts(root: ElementTree.Element) -> list[_Text]:
    return [_Text(element) for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_accessible(name: str, result: aiops.Result) -> None:
    picture = PICTURES[name](result)
    root = parsed(picture)
    assert root.attrib["role"] == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]
    assert title.text == picture.title
    assert len(description.text or "") > 50
    assert "prefers-color-scheme:dark" in picture.svg


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_the_same_each_time(name: str, result: aiops.Result) -> None:
    assert PICTURES[name](result).svg == PICTURES[name](result).svg


def test_pictures_of_one_page_have_ids_of_their_own(result: aiops.Result) -> None:
    ids = [
        element.attrib["id"]
        for draw in PICTURES.values()
        for element in parsed(draw(result)).iter()
        if "id" in element.attrib
    ]
    assert len(set(ids)) == len(ids) == 2 * len(PICTURES)


def hostile_result() -> aiops.Result:
    text = HOSTILE.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    alerts = [
        {"ts": 60.0 * at, "name": text + str(at % 3), "severity": "critical", "entity": text * 3, "service": text}
        for at in range(5)
    ]
    change = {"kind": "change", "ts": 30, "entity": text, "name": text}
    return aiops.replay([change, *alerts], topology={"nodes": [{"id": text * 3}, {"id": text}]})


@pytest.mark.parametrize("name", PICTURES)
def test_hostile_text_stays_text(name: str) -> None:
    picture = PICTURES[name](hostile_result())
    root = parsed(picture)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "text", "line", "path", "circle",
    }  # fmt: skip
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ufffe]", picture.svg)
    assert "script" in picture.svg


def test_hostile_text_in_html_stays_text() -> None:
    html = hostile_result()._repr_html_()
    assert "<script" not in html
    assert "&lt;/title&gt;&lt;script&gt;" in html
    assert "\u202e" not in html


def test_huge_results_stay_small() -> None:
    alert = {"severity": "critical"}
    kinds = [{"ts": 7.0 * at, "name": f"Kind{at}" + "x" * 900, "entity": f"node-{at}", **alert} for at in range(400)]
    changes = [{"kind": "change", "ts": 7.0 * at, "entity": "web", "name": "deploy" + "y" * 900} for at in range(300)]
    result = aiops.replay([*kinds, *changes], settings={"incidents.storm_incidents": 0})
    assert len(result._repr_html_()) < 20_000
    for draw in PICTURES.values():
        assert len(draw(result).svg) < 700_000
    svg = result.plot_timeline().svg
    assert svg.count('class="info"') == MAX_CHANGES
    assert "▼ 300 changes" in svg


def test_a_timeline_shows_the_most_severe_and_counts_the_rest(result: aiops.Result) -> None:
    count = len(result.incidents)
    shown = texts(result.plot_timeline(top=1))
    title = result.incident(worst(result)).title or ""
    assert sum(text in GLYPHS.values() for text in shown) >= 1
    assert any(text.rstrip("…") and title.startswith(text.rstrip("…")) for text in shown)
    assert any(text == f"and {plural(count - 1, 'more incident')}, none more severe than these" for text in shown)
    assert not any("none more severe" in text for text in texts(result.plot_timeline(top=count)))
    with pytest.raises(aiops.UsageError, match=r"top: expected 1 or more \(got 0\)"):
        result.plot_timeline(top=0)


def test_a_timeline_counts_all_alerts_once(result: aiops.Result) -> None:
    picture = result.plot_timeline()
    hints = [
        int(found[1].replace(",", ""))
        for element in parsed(picture).iter(f"{SVG}rect")
        for child in element
        if (found := re.fullmatch(r"([\d,]+) alerts?", child.text or "")) and element.attrib["class"] == "bar"
    ]
    assert sum(hints) == len(result.alerts)


def test_a_graph_shows_suspects_first_and_how_entities_depend(result: aiops.Result, folder: Path) -> None:
    incident = result.incident(worst(result))
    picture = result.plot_graph(incident)
    assert picture.svg == result.plot_graph(incident.id).svg
    shown = texts(picture)
    for rank, cause in enumerate(incident.causes, 1):
        assert any(text.startswith(f"{rank}. {cause.entity[:6]}") for text in shown)
    assert "Arrows lead from a dependent to what it depends on." in shown
    topology = aiops.load_topology(folder / "topology.json")
    entities = {member.entity for member in incident.members}
    inside = sum(edge.source in entities and edge.target in entities for edge in topology.edges)
    assert picture.svg.count('class="edge"') >= inside


def test_a_graph_shows_what_stands_beside_the_first_suspect() -> None:
    topology = {
        "nodes": [{"id": name} for name in ("web", "api", "db")],
        "edges": [{"from": "web", "to": "api"}, {"from": "api", "to": "db"}],
    }
    result = aiops.replay({"ts": 0, "name": "DiskFull", "severity": "critical", "entity": "db"}, topology=topology)
    picture = result.plot_graph(worst(result))
    assert {text.split(". ")[-1] for text in texts(picture)} >= {"api", "db"}
    assert picture.svg.count('class="hollow"') == 1


def test_a_graph_puts_a_dependency_right_of_its_dependents() -> None:
    topology = {
        "nodes": [{"id": name} for name in ("web", "api", "db", "beside")],
        "edges": [{"from": "web", "to": "api"}, {"from": "api", "to": "db"}, {"from": "db", "to": "api"}],
    }
    alert = {"name": "Slow", "severity": "high"}
    alerts = [{"ts": at, "entity": name, **alert} for at, name in enumerate(("web", "api", "db"))]
    result = aiops.replay(alerts, topology=topology)
    picture = result.plot_graph(result.incident(result.incidents.index[0]))
    at = {
        name: float(element.attrib["x"])
        for element, text in zip(parsed(picture).iter(f"{SVG}text"), texts(picture), strict=True)
        for name in ("web", "api", "db")
        if text.endswith(name)
    }
    assert at["web"] < at["api"] == at["db"]
    assert "3 dependencies" in (parsed(picture).findtext(f"{SVG}desc") or "")


def test_a_graph_without_topology_says_so(result: aiops.Result, folder: Path) -> None:
    plain = aiops.replay(folder / "alerts.jsonl")
    picture = plain.plot_graph(worst(plain))
    assert "No dependencies between these entities are known." in texts(picture)
    assert picture.svg.count('class="edge"') == 0


def test_a_graph_is_bounded() -> None:
    alerts = [
        {"ts": at / 10, "name": "NodeDown", "severity": "critical", "entity": f"node-{at:03}", "service": "grid"}
        for at in range(150)
    ]
    result = aiops.replay(alerts, settings={"incidents.storm_incidents": 0})
    largest = str(result.incidents["streams"].idxmax())
    shown = texts(result.plot_graph(largest))
    assert sum("node-" in text for text in shown) <= MAX_NODES + 1
    more = result.incident(largest).entity_count - MAX_NODES
    assert f"and {more} more entities with alerts" in shown


def test_a_picture_is_saved(result: aiops.Result, tmp_path: Path) -> None:
    picture = result.plot_timeline()
    picture.save(tmp_path / "timeline.svg")
    assert (tmp_path / "timeline.svg").read_text(encoding="utf-8") == picture.svg == picture._repr_svg_()
    assert repr(picture).startswith(f"<aiops.Picture: {picture.title}; ")
    with pytest.raises(aiops.UsageError, match="No such file"):
        picture.save(tmp_path / "none" / "timeline.svg")


def test_text_is_cut_to_its_width() -> None:
    assert fit("x" * 10_000, 100).endswith("…")
    assert len(fit("x" * 10_000, 100)) < 20
    assert len(fit("漢" * 50, 100)) < len(fit("x" * 50, 100))
    assert fit("a\n\tb", 100) == "a b"


def test_text_is_what_xml_can_hold() -> None:
    drawing = Drawing(100)
    drawing.text(0, 0, HOSTILE, hint=HOSTILE)
    drawing.rect(0, 0, 1, 1, "bar", hint=HOSTILE)
    drawing.circle(0, 0, 1, "ring", hint=HOSTILE)
    drawing.path("M0 0", "edge", hint=HOSTILE)
    drawing.line(0, 0, 1, 1, "rule")
    ElementTree.fromstring(drawing.picture(10, HOSTILE, HOSTILE).svg)
    assert xml("\x00") == "\\x00"
