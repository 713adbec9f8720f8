"""Lines of syslog, of the line protocol and of snmptrapd become objects; no text of anybody raises or takes long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiops_connectors.lines.line_protocol import line_protocol
from aiops_connectors.lines.snmptrapd import snmptrapd
from aiops_connectors.lines.syslog import MAX_MESSAGE, message, syslog
from hypothesis import given
from hypothesis import strategies as st

READERS: tuple[Callable[[str], list[dict[str, Any]]], ...] = (syslog, line_protocol, snmptrapd)
PIECES = [
    "<34>",
    "1 ",
    "- ",
    '[a b="c"]',
    "Oct 11 22:14:15 ",
    "host ",
    "app[7]: ",
    "\\",
    '"',
    "]",
    ",",
    "=",
    "\n",
    "\ufeff",
]
PIECES += ["2026-03-14 03:41:07 ", "[UDP: [192.0.2.1]:1]:", "x = INTEGER: 1\t", "%LINK-3-UPDOWN: ", "9 <1>", "é"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8)).map("".join))
def test_any_text_becomes_objects(text: str) -> None:
    for read in READERS:
        assert all(type(one) is dict and one for one in read(text))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "piece", ['<34>1 - h a - - [x y="', "a,b=c ", "= ", "[[[", "\\\\", "2026-03-14 03:41:07 ", ": %A-1-B:", "1 <1>"]
)
def test_long_hostile_text_comes_to_an_end(read: Callable[[str], Any], piece: str) -> None:
    # A backtracking expression would run into the time limit of a test.
    assert read((piece * 500_000)[:500_000])


def test_structured_data_may_hold_escaped_marks() -> None:
    found = message(r'<165>1 - h app - - [id@1 a="x \"y\" \] \\ z" b=""][other] text')
    assert found["structured"] == {"id@1": {"a": 'x "y" ] \\ z', "b": ""}, "other": {}}
    assert found["message"] == "text"


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", {"hostname": "10.0.0.99", "message": "Use the BFG!"}),
        ("<0>1990 Oct 22 10:52:01 TZ-6 scapegoat", {"severity": "emerg"}),
        ("Mar 14 03:41:07 web-1 kernel: Out of memory", {"hostname": "web-1", "appname": "kernel"}),
        ("<30>Mar 14 03:41:07 dhcpd[7]: no host", {"appname": "dhcpd", "procid": "7"}),
        ("<191>x", {"severity": "debug", "facility": "local7"}),
        ("<192>x", {"message": "<192>x"}),
        ("<34>1 - - - - - - \ufeffé", {"message": "é"}),
    ],
)
def test_messages_of_old_and_new_senders(line: str, fields: dict[str, str]) -> None:
    found = message(line)
    assert {name: found.get(name) for name in fields} == fields


def test_a_wrong_count_loses_nothing() -> None:
    found = syslog("5 <34>abc <34>def")
    assert "".join(one.get("message", "") for one in found).replace(" ", "").endswith("def")


def test_a_long_message_is_cut() -> None:
    assert len(message("x" * (2 * MAX_MESSAGE))["message"]) == MAX_MESSAGE


def test_a_line_that_is_no_point_stays_text() -> None:
    assert line_protocol("no point\n# a comment\n\na b=1") == [
        {"text": "no point"},
        {"name": "a", "tags": {}, "fields": {"b": 1}},
    ]


def test_values_of_points() -> None:
    [point] = line_protocol(r'm,t\ g=a\,b i=1i,u=2u,f=1.5,t=t,s="q \"x\", \\",w=word -5')
    assert point["tags"] == {"t g": "a,b"}
    assert point["fields"] == {"i": 1, "u": 2, "f": 1.5, "t": True, "s": 'q "x", \\', "w": "word"}
    assert point["timestamp"] == -5


def test_traps_leave_the_community_out() -> None:
    log = "2026-02-28 23:59:01 sw-9 [192.0.2.9] (via UDP: [192.0.2.9]:1->[192.0.2.5]:162) TRAP, SNMP v1"
    [trap] = snmptrapd(
        log + ", community s3cret\n\tx Cold Start Trap (0) Uptime: 1\n\tSNMPv2-MIB::sysName.0 = STRING: a\n"
    )
    assert "s3cret" not in str(trap)
    assert trap["tags"]["name"] == "coldStart"
    assert snmptrapd("no trap") == [{"text": "no trap"}]


def test_snmptrapd_hands_a_trap_to_a_program_without_signs_of_equality() -> None:
    handed = (
        "sw-8\r\nUDP: [192.0.2.8]:5->[192.0.2.5]:162\r\nSNMPv2-MIB::snmpTrapOID.0 IF-MIB::linkUp\r\nIF-MIB::ifIndex.6 6"
    )
    [trap] = snmptrapd(handed)
    assert trap["tags"] == {
        "source": "sw-8",
        "address": "192.0.2.8",
        "name": "linkUp",
        "oid": "IF-MIB::linkUp",
        "mib": "IF-MIB",
    }
    assert (trap["fields"], "local_time" in trap) == ({"ifIndex.6": "6"}, False)
    assert snmptrapd("sw-8\nno transport") == [{"text": "sw-8\nno transport"}]
