"""Traps that net-snmp's snmptrapd logs or hands to a program, as objects in the form of Telegraf's.

A trap is a line with time and sender, then a line of variables separated by tabs (snmptrapd(8), "FORMAT
SPECIFICATIONS"). Variables may have names or numbers (`-On`), and the first generic traps are known by both. The
community, a secret, is left out.
"""

from __future__ import annotations

import re
from typing import Any

MAX_TRAPS = 1_000
MAX_VARIABLES = 200
MAX_VALUE = 1_024
_HEAD = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?P<source>[^\s\[(]{1,255}) ?[\[(](?:via )?(?P<transport>[^\r\n]{0,200})"
)
# A `traphandle` program gets the host and the transport on lines of their own (snmptrapd.conf(5)).
_HANDED = re.compile(r"\s{0,8}(?P<source>\S{1,255})[\r\n]{1,4}(?P<transport>[A-Z][A-Za-z0-9]{1,15}: \[[^\r\n]{0,200})")
_ADDRESS = re.compile(r"\[([0-9A-Fa-f.:]{2,45})\]")
_VARIABLE = re.compile(r"(?P<name>[A-Za-z0-9.][A-Za-z0-9_.:\"'-]{0,255}) (?:= )?(?P<value>[^\r\n]{0,2000})")
_KIND = re.compile(
    r"(?:STRING|Hex-STRING|INTEGER|Gauge32|Counter32|Counter64|Timeticks|IpAddress|OID|Opaque|BITS|Network Address): "
)
# SNMPv2-MIB::snmpTrapOID.0, by name and by number.
_TRAP_NAMES = ("snmptrapoid.0", "1.3.6.1.6.3.1.1.4.1.0")
# RFC 3418 and RFC 2863: the generic traps, which old senders state by number alone.
GENERIC = {
    "1.3.6.1.6.3.1.1.5.1": "coldStart",
    "1.3.6.1.6.3.1.1.5.2": "warmStart",
    "1.3.6.1.6.3.1.1.5.3": "linkDown",
    "1.3.6.1.6.3.1.1.5.4": "linkUp",
    "1.3.6.1.6.3.1.1.5.5": "authenticationFailure",
    "1.3.6.1.6.3.1.1.5.6": "egpNeighborLoss",
}
_NUMBERED = {
    "1.3.6.1.2.1.2.2.1.1": "ifIndex",
    "1.3.6.1.2.1.2.2.1.2": "ifDescr",
    "1.3.6.1.2.1.2.2.1.7": "ifAdminStatus",
    "1.3.6.1.2.1.2.2.1.8": "ifOperStatus",
    "1.3.6.1.2.1.31.1.1.1.1": "ifName",
    "1.3.6.1.2.1.31.1.1.1.18": "ifAlias",
    "1.3.6.1.2.1.1.3": "sysUpTime",
    "1.3.6.1.2.1.1.5": "sysName",
}
# SNMP v1 states a generic trap in words and a number: "Link Down Trap (0)".
_V1 = re.compile(r"\b(Cold Start|Warm Start|Link Down|Link Up|Authentication Failure|EGP Neighbor Loss) Trap\b")
_WORDS = {
    "Cold Start": "coldStart",
    "Warm Start": "warmStart",
    "Link Down": "linkDown",
    "Link Up": "linkUp",
    "Authentication Failure": "authenticationFailure",
    "EGP Neighbor Loss": "egpNeighborLoss",
}


def snmptrapd(text: str) -> list[dict[str, Any]]:
    """Return the traps of a log; text before the first trap is left as `{"text": …}`.

    >>> [trap] = snmptrapd(
    ...     "2026-03-14 03:41:07 sw-1 [UDP: [192.0.2.3]:1->[192.0.2.5]:162]:\\n"
    ...     "SNMPv2-MIB::snmpTrapOID.0 = OID: IF-MIB::linkDown\\tIF-MIB::ifIndex.7 = INTEGER: 7"
    ... )
    >>> trap["tags"]["name"], trap["tags"]["source"], trap["fields"]["ifIndex.7"]
    ('linkDown', 'sw-1', '7')
    """
    heads = list(_HEAD.finditer(text))[: MAX_TRAPS + 1]
    handed = None if heads else _HANDED.match(text)
    if handed is not None:
        return [_trap(handed, text[handed.end() :])]
    if not heads:
        return [{"text": text}]
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [_trap(head, text[head.end() : end]) for head, end in zip(heads, ends, strict=True)][:MAX_TRAPS]


def _trap(head: re.Match[str], body: str) -> dict[str, Any]:
    address = _ADDRESS.search(head["transport"])
    tags = {"source": head["source"]}
    if address is not None:
        tags["address"] = address[1]
        if head["source"] in ("0.0.0.0", "UNKNOWN", "<UNKNOWN>"):  # noqa: S104 - what snmptrapd writes, no address to bind
            tags["source"] = address[1]
    fields: dict[str, str] = {}
    for part in re.split(r"[\t\r\n]+", body)[: 2 * MAX_VARIABLES]:
        found = _VARIABLE.match(part.strip())
        if found is not None and len(fields) < MAX_VARIABLES:
            _take(found["name"], found["value"].strip(), tags, fields)
    old = _V1.search(body[:2_000])
    if "name" not in tags and old is not None:
        tags["name"] = _WORDS[old[1]]
    trap: dict[str, Any] = {"name": "snmp_trap", "tags": tags, "fields": fields}
    return trap | ({"local_time": head["time"]} if head.re is _HEAD else {})


def _take(name: str, value: str, tags: dict[str, str], fields: dict[str, str]) -> None:
    name = _named(name)
    plain = _KIND.sub("", value, count=1).strip('"')[:MAX_VALUE]
    if name.lower() in _TRAP_NAMES:
        mib, _, short = plain.rpartition("::")
        number = plain.lstrip(".")
        tags["name"] = GENERIC.get(number, short or number)
        tags["oid"] = number
        if mib:
            tags["mib"] = mib
    else:
        fields[name] = plain


def _named(name: str) -> str:
    """Return the short name with its index: `IF-MIB::ifIndex.7` is `ifIndex.7`, by number as well."""
    short = name.rpartition("::")[2].lstrip(".")
    if not short[:1].isdigit() or short in _TRAP_NAMES:
        return short
    base, _, index = short.rpartition(".")
    return f"{_NUMBERED[base]}.{index}" if base in _NUMBERED else short
