"""Bodies from templates: values cannot break out of them, and a template that fails is refused at the start."""

from __future__ import annotations

import json
import xml.etree.ElementTree
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiops_connectors.sinks.template_body import MAX_BODY_BYTES, TemplateBody, TooLong
from aiops_connectors.template import TemplateSink

from aiops.errors import UsageError
from aiops.ports import Message
from aiops.testing.receiver import Receiver, receiving
from aiops.testing.sinks import CHANGES, hostile
from tests.connectors.design_incident import AT, ID, LINK, message, resolved

Open = Callable[..., TemplateSink]
EVIL = '", "admin": true, "x": "</script><b>&\'{{ 7 * 7 }}{% raw %}\n\u2028\\'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def open_sink(receiver: Receiver) -> Iterator[Open]:
    opened: list[TemplateSink] = []

    def one(**options: Any) -> TemplateSink:
        sink = TemplateSink("custom", {"url": f"{receiver.url}/hook", "allow_private": True, **options})
        opened.append(sink)
        return sink

    yield one
    for sink in opened:
        sink.close()


def evil(change: str = "opened") -> Message:
    one = message(change, news=[EVIL])
    one.incident.title = one.incident.message = EVIL
    one.incident.members, one.incident.causes, one.incident.entities = [], [], [EVIL]
    return one


def test_the_default_is_a_text(open_sink: Open, receiver: Receiver) -> None:
    assert open_sink().send(message()).ok
    found = json.loads(receiver.requests[0].body)
    assert found["text"].startswith("Critical: payments-api failing since deploy 8.14.6. Hurts payments-gateway")
    assert receiver.requests[0].headers["content-type"] == "application/json; charset=utf-8"


def test_a_template_uses_what_a_message_has(open_sink: Open, receiver: Receiver) -> None:
    body = """{
      "id": "{{ incident.id }}", "version": {{ version }}, "open": {{ change != "resolved" }},
      "title": {{ headline | tojson }}, "link": "{{ link }}", "news": {{ news }},
      "service": {{ incident.services | first | default("") | tojson }}, "facts": [
        {% for row in rows %}{{ (row.label ~ ": " ~ row.value) | tojson }}{% if not loop.last %},{% endif %}{% endfor %}
      ]
    }"""
    assert open_sink(body=body).send(message("updated", 3, news=["severity: now critical, was high"])).ok
    found = json.loads(receiver.requests[0].body)
    assert (found["id"], found["version"], found["open"], found["link"]) == (ID, 3, True, LINK)
    assert found["title"] == "Now critical, was high: payments-api failing since deploy 8.14.6"
    assert found["news"] == ["Now critical, was high"]
    assert "Hurts: payments-gateway, payments-sync, payments-api: 10 entities" in found["facts"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "body", ['{"a": "{{ incident.title }}"}', '{"a": {{ incident.title | tojson }}}', '{"a": "x {{ text }}"}']
)
def test_values_cannot_break_out_of_json(body: str, change: str, open_sink: Open, receiver: Receiver) -> None:
    for one in (evil(change), Message("k", "e", hostile(), change, 1, AT, LINK)):
        assert open_sink(body=body).send(one).ok
        assert set(json.loads(receiver.requests[-1].body)) == {"a"}


def test_values_cannot_break_out_of_xml_html_and_forms(open_sink: Open, receiver: Receiver) -> None:
    open_sink(body="<a b='{{ incident.title }}'>{{ text }}</a>", content_type="text/xml").send(evil())
    root = xml.etree.ElementTree.fromstring(receiver.requests[-1].body)
    assert (root.tag, list(root.attrib), list(root)) == ("a", ["b"], [])
    form = "application/x-www-form-urlencoded"
    open_sink(body="text={{ incident.title }}&to=me", content_type=form).send(evil())
    assert set(parse_qs(receiver.requests[-1].body.decode())) == {"text", "to"}


def test_text_of_a_payload_is_no_template(open_sink: Open, receiver: Receiver) -> None:
    open_sink(body="{{ incident.title }}", content_type="text/plain").send(evil())
    assert "{{ 7 * 7 }}" in receiver.requests[0].body.decode()


def test_headers_are_those_of_the_configuration(
    open_sink: Open, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "k3y-T0SECRET")
    sink = open_sink(headers={"X-Team": "payments"}, headers_env={"X-Api-Key": "API_KEY"})
    sink.send(message())
    assert (receiver.requests[0].headers["x-team"], receiver.requests[0].headers["x-api-key"]) == (
        "payments",
        "k3y-T0SECRET",
    )
    assert "T0SECRET" not in repr(sink.options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"body": "{{ text"}, "body: line 1"),
        ({"body": "{% for x in rows %}"}, "body: line 1"),
        ({"body": '{"a": "{{ nothing }}"}'}, "'nothing' is undefined"),
        ({"body": '{"a": "{{ incident.nothing }}"}'}, "nothing"),
        ({"body": '{"a": {{ text }}}'}, "renders no JSON"),
        ({"body": '{"a": "{{ incident.causes[0].entity }}"}'}, "fails for a message"),
        ({"body": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"}, "fails for a message"),
        ({"body": "{{ ''.__class__.__mro__ }}", "content_type": "text/plain"}, "unsafe"),
        ({"body": "{{ rows.append(1) }}", "content_type": "text/plain"}, "unsafe"),
        ({"body": "{{ 1 / 0 }}", "content_type": "text/plain"}, "division"),
        ({"body": "{% include 'x' %}", "content_type": "text/plain"}, "body"),
        ({"body": "x" * 30_000}, "body"),
        ({"body": "{% for a in range(90000) %}{{ key }}{% endfor %}", "content_type": "text/plain"}, "longer than"),
        ({"content_type": "text/plain\r\nX: y"}, "content_type"),
        ({"headers": {"Host": "x"}}, "headers"),
        ({"headers": {"X-A": "a\r\nb"}}, "headers.X-A"),
        ({"headers": {"X A": "a"}}, "headers"),
        ({"headers_env": {"X-A": "NOT_SET_ANYWHERE"}}, "NOT_SET_ANYWHERE"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(options: dict[str, Any], said: str, open_sink: Open) -> None:
    with pytest.raises(UsageError, match=r"endpoints\.custom") as caught:
        open_sink(**options)
    assert said in str(caught.value)


def test_a_template_that_fails_later_is_a_dead_letter_with_its_reason(open_sink: Open, receiver: Receiver) -> None:
    sink = open_sink(body='{"a": "{{ {"critical": 1, "": 1}[incident.severity or ""] }}"}')
    answer = sink.send(message(severity="info"))
    assert (answer.ok, answer.retry, receiver.requests) == (False, False, [])
    assert answer.reason.startswith("the template failed")


def test_a_body_is_bounded_whatever_the_incident() -> None:
    found = TemplateBody("{{ (incident.title or '') * 4000 }}", "text/plain", "body")
    with pytest.raises(TooLong):
        found.render(Message("k", "e", hostile(), "opened", 1, AT))
    assert MAX_BODY_BYTES == 256_000


def test_the_end_has_its_values(open_sink: Open, receiver: Receiver) -> None:
    body = '{"s": "{{ incident.status }}", "by": {{ incident.resolved_by | tojson }}, "c": "{{ clock }}"}'
    open_sink(body=body).send(resolved(zone="Europe/Berlin"))
    assert json.loads(receiver.requests[0].body) == {"s": "resolved", "by": None, "c": "2026-11-28 14:53:43 CET"}
