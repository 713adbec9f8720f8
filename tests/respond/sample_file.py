"""A well-formed playbook as a file, for several test files."""

from __future__ import annotations

from pathlib import Path

GOOD = """
apiVersion: aiops/v1
kind: Playbook
name: sample
version: 1.0.0
summary: Something for a test.
whenToUse: In tests.
whenNotToUse: Elsewhere.
match: {alert: [{label: name, value: A}]}
parameters:
  host: {from: [alert.entity], pattern: "[a-z]{1,9}"}
diagnosis: [{kind: manual, name: look, run: "df -h {{ host }}"}]
steps: [{kind: manual, name: do}]
verify: [{kind: alert-resolved}]
tests:
  - {name: fits, incident: {alerts: [{name: A, entity: web}]}, expect: {decision: suggest}}
  - {name: does not, incident: {alerts: [{name: B, entity: web}]}, expect: {decision: none}}
"""


def write(folder: Path, text: str, name: str = "sample.yaml") -> Path:
    """Write a playbook's text to a file of a folder."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
