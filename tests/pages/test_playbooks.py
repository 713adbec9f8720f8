"""The pages of playbooks: searched, filled in, and hostile names stay text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aiops.records import Alert, Record
from aiops.respond.catalogue import Catalogue, PlaybookError, document_text
from tests.web.conftest import HOSTILE, NOW, Site


def text(site: Site, path: str, status: int = 200) -> str:
    answer = site.client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def test_the_catalogue_is_searched_and_keeps_its_fields(site: Site) -> None:
    assert 'href="/playbooks/host-disk-full"' in text(site, "/playbooks")
    found = text(site, "/playbooks?q=disk+full&tag=host&mode=suggest")
    assert 'href="/playbooks/host-disk-full"' in found
    assert 'href="/playbooks/kafka-consumer-lag"' not in found
    assert 'value="disk full"' in found
    assert '<option value="host" selected>' in found
    assert "No playbook is like that" in text(site, "/playbooks?q=%3Cscript%3E")
    assert "Invalid enum value" in text(site, "/playbooks?mode=always", 400)


def test_a_playbook_is_shown_with_when_and_when_not(site: Site) -> None:
    found = text(site, "/playbooks/bad-deploy-rollback")
    for words in ("Not when", "Look first", "Know that it worked", "Matches on", "5 of 5", "Nobody has judged it yet"):
        assert words in found
    assert "&lt;namespace&gt;" in found
    assert text(site, "/playbooks/none", 404)
    assert text(site, "/playbooks/bad-deploy-rollback?incident=none", 404)


def test_values_of_an_incident_are_text_in_a_command(site: Site) -> None:
    known = set(_ids(site))
    entity = f"{HOSTILE} $(reboot)"
    given: dict[str, Any] = {"entity": entity, "severity": "critical", "labels": {"pod": entity}}
    alerts: list[Record] = [Alert(ts=NOW + n, id=f"h{n}", name=f"PodCrashLooping{n}", **given) for n in range(3)]
    site.host.fold(alerts)
    [incident] = set(_ids(site)) - known
    found = text(site, f"/playbooks/pod-crash-loop?incident={incident}")
    assert HOSTILE not in found
    assert "Filled in for" in found
    assert "Did it help?" in found


def _ids(site: Site) -> list[str]:
    return [one["id"] for one in site.client.get("/api/v1/incidents").json()["incidents"]]


def test_the_document_is_plain_text(site: Site) -> None:
    answer = site.client.get("/playbooks/bad-deploy-rollback/yaml")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("apiVersion: aiops/v1")
    for name in ("none", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd"):
        assert site.client.get(f"/playbooks/{name}/yaml").status_code == 404


def test_a_document_whose_file_was_removed_is_an_error(tmp_path: Path) -> None:
    catalogue = Catalogue(files={"gone": str(tmp_path / "gone.yaml")})
    assert document_text(catalogue, "other") is None
    with pytest.raises(PlaybookError, match="cannot be read any more"):
        document_text(catalogue, "gone")
