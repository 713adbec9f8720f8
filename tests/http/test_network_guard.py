"""The guard: which addresses may be connected to, however they are spelled."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.http.network_guard import refusal

INSIDE = (
    "127.0.0.1",
    "127.255.255.254",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.1.1",
    "198.18.0.1",
    "192.0.0.8",
    "::1",
    "fc00::1",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
)
NOBODY = ("0.0.0.0", "0.1.2.3", "255.255.255.255", "240.0.0.1", "224.0.0.1", "::", "ff02::1", "::ffff:0.0.0.0")
METADATA = ("169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
OUTSIDE = ("93.184.215.14", "8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8")


@pytest.mark.parametrize("address", INSIDE)
def test_what_only_this_network_reaches_needs_a_word(address: str) -> None:
    assert refusal(address) is not None
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("address", NOBODY + METADATA)
def test_what_is_no_receiver_is_refused_in_any_case(address: str) -> None:
    assert refusal(address) is not None
    assert refusal(address, allow_private=True) is not None


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_internet_is_open(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize("text", ["", "localhost", "2130706433", "127.1", "0x7f000001", "1.2.3.4.5"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert refusal(text) == "no IP address"


@given(st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "192.168.0.0/16", "100.64.0.0/10"]), st.data())
def test_wrapping_an_address_changes_nothing(network: str, data: st.DataObject) -> None:
    found = IPv4Network(network)
    plain = IPv4Address(
        data.draw(st.integers(int(found.network_address), int(found.broadcast_address)).filter(lambda n: n % 256 > 0))
    )
    for wrapped in (f"::ffff:{plain}", f"64:ff9b::{plain}", str(plain)):
        assert refusal(wrapped) is not None
