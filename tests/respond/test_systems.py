"""Systems of the configuration: checked at the start, and needed by the steps that name them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.respond.calls import calls_of, missing_system
from aiops.respond.config import RespondConfig
from aiops.respond.parameters import Values
from aiops.respond.systems import read_systems
from tests.respond.sample_kind import PoolOptions, Recycle, recycling, system

POOL = {"kind": "pool", "url": "https://pool.example/", "secret": "its-token", "options": {"pool": "big"}}
SECRETS = {"its-token": {"env": "POOL_TOKEN", "use": "bearer", "hosts": ["pool.example"]}}


@pytest.fixture(autouse=True)
def pool_kind() -> Iterator[None]:
    with recycling():
        yield


def config(**changes: Any) -> RespondConfig:
    more = {"secrets": SECRETS, "allow_private": False, **changes.pop("respond", {})}
    return msgspec.convert({**more, "systems": {"prod": {**POOL, **changes}}}, RespondConfig)


def test_a_system_is_read_with_the_options_of_its_kind() -> None:
    found = read_systems(config())["prod"]
    assert (found.name, found.url, found.secret) == ("prod", "https://pool.example", "its-token")
    assert found.options == PoolOptions("big")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"kind": "puddle"}, r"systems\.prod\.kind: unknown kind of system 'puddle' \(use .*pool"),
        ({"options": {"pol": 1}}, r"systems\.prod\.options: unknown option 'pol' \(use pool\)"),
        ({"options": {"pool": 1}}, r"systems\.prod\.options: Expected `str`"),
        ({"url": "http://pool.example"}, r"systems\.prod\.url: expected https, or respond\.allow_private"),
        ({"secret": "other"}, r"systems\.prod\.secret: unknown secret 'other' \(use its-token\)"),
        ({"url": "https://evil.example"}, r"'its-token' is not for the host 'evil\.example'"),
        ({"url": "https://ann:secret@pool.example"}, r"systems\.prod\.url: expected it without user"),
        ({"ca_file": "/no/such"}, r"systems\.prod\.ca_file: expected a file of certificates"),
    ],
)
def test_a_system_that_cannot_work_is_refused_at_the_start(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read_systems(config(**changes))


def test_the_port_of_a_system_is_the_operators_word_unless_hosts_name_one() -> None:
    assert read_systems(config(url="https://pool.example:8443"))["prod"].url == "https://pool.example:8443"
    secrets = {"its-token": {**SECRETS["its-token"], "hosts": ["Pool.example:8443"]}}
    assert read_systems(config(url="https://pool.example:8443", respond={"secrets": secrets}))
    with pytest.raises(UsageError, match=r"'its-token' is not for the host 'pool\.example' at port 443"):
        read_systems(config(respond={"secrets": secrets}))


def test_http_and_no_secret_are_allowed_where_they_are_asked_for(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("x")
    given = config(url="http://pool.example", secret=None, ca_file=str(ca), respond={"allow_private": True})
    assert read_systems(given)["prod"].ca_file == str(ca)


def test_a_step_without_its_system_has_no_requests_and_its_playbook_never_runs(samples: SimpleNamespace) -> None:
    step = Recycle(name="recycle it", worker="{{ host }}")
    book = msgspec.structs.replace(samples.playbook(), steps=[step])
    values = [Values({"host": "a"}, {})]
    assert calls_of(book, ["a"], values) == []
    assert len(calls_of(book, ["a"], values, {"pool": system()})) == 2
    assert missing_system(step, {}) == "system 'pool' is not configured: add [respond.systems.pool] with kind = 'pool'"
    other = {"pool": msgspec.structs.replace(system(), kind="awx")}
    assert missing_system(step, other) == "step 'recycle it' needs a system of kind 'pool'; 'pool' is of kind 'awx'"
    assert missing_system(step, {"pool": system()}) is None
