"""A first playbook to edit: it passes its checks and its own tests from the start."""

from __future__ import annotations

import yaml

from aiops.wording import yaml_quoted

_TEMPLATE = """\
# Written by `aiops playbooks new`. Replace every text in it; all fields are in docs/playbook-fields.md.
apiVersion: aiops/v1
kind: Playbook
name: {name}
version: 0.1.0
summary: {summary}
whenToUse: {when}
whenNotToUse: Another alert names the cause.
tags: [{tag}]
symptoms:
  - {symptom}
match:
  alert:
    - {{label: name, value: {alert}}}
diagnosis:
  - {{kind: manual, name: Is it real, note: "Look at the service itself, not only at the alert."}}
  - {{kind: manual, name: "What changed in the last hour"}}
steps:
  - {{kind: manual, name: Mitigate, note: "Change one thing at a time, and record what you changed."}}
  - {{kind: manual, name: Repair the cause}}
verify:
  - {{kind: alert-resolved, within: 15m, stableFor: 5m}}
tests:
  - name: it fits
    incident: {{alerts: [{{name: {alert}, entity: example-1}}]}}
    expect: {{decision: suggest}}
  - name: another alert
    incident: {{alerts: [{{name: {other}, entity: example-1}}]}}
    expect: {{decision: none}}
"""


def draft(name: str, alert: str) -> str:
    """Return the text of a playbook called `name` (a DNS label) for alerts with the name `alert`."""
    texts = {
        "summary": f"The alert {alert[:100]} fires.",
        "when": f"The alert {alert[:100]} fires, and its entity is the suspected cause.",
        "symptom": f"{alert[:200]}",
        "alert": alert,
        "other": f"Not{alert[:200]}",
    }
    return _TEMPLATE.format(
        name=_scalar(name),
        tag=_scalar(name.partition("-")[0]),
        **{key: yaml_quoted(text) for key, text in texts.items()},
    )


def _scalar(word: str) -> str:
    """Return a word as a scalar of YAML, in quotes if it would be read as anything but text."""
    return word if yaml.safe_load(word) == word else yaml_quoted(word)
