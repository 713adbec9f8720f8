"""Observation of an object: its identity, what is decided on, and what manages it.

A workload is pinned by its pod template, not by its generation: an autoscaler changes that every few seconds during
an incident, and no approval would last. Somebody who fixes a workload changes its template.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from aiops.step_kinds.exchange import Observed
from aiops_connectors.kubernetes.form import Subject
from aiops_connectors.kubernetes.managers import manager_of
from aiops_connectors.kubernetes.objects import Metadata, Workload, pod_template

REVISION = "deployment.kubernetes.io/revision"
_DIGITS = 18
_MAX_IMAGES, _MAX_IMAGE = 3, 80
# Half of a SHA-256: nobody can make a second template that has it.
_DIGEST = 32


def observed(subject: Subject, metadata: Metadata, summary: str, **pins: str | int) -> Observed:
    """Return what is seen of an object; names of facts are written with underscores for blanks."""
    facts: dict[str, str | int | float | bool] = {name.replace("_", " "): value for name, value in pins.items()}
    return Observed(summary, f"{subject} ({metadata.uid})", facts, manager_of(metadata))


def template_digest(found: Workload) -> str:
    """Return the digest of a pod template: it may hold secrets, which are never shown."""
    made = msgspec.json.encode(pod_template(found), order="deterministic")
    return sha256(made).hexdigest()[:_DIGEST]


def at_revision(found: Workload) -> str:
    """Return the revision of a Deployment or ReplicaSet, with its images: `revision 7 (shop/app:2)`."""
    images = images_of(found.spec.template)
    number = revision(found)
    return " ".join([*([f"revision {number}"] if number else []), *([f"({images})"] if images else [])])


def images_of(template: Mapping[str, Any]) -> str:
    """Return the images of a pod template, the first few."""
    spec = template.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    found = [one.get("image") for one in containers if isinstance(one, dict)] if isinstance(containers, list) else []
    images = [image[:_MAX_IMAGE] for image in found if isinstance(image, str) and image.isprintable()]
    return ", ".join(images[:_MAX_IMAGES])


def revision(found: Workload) -> int:
    """Return the revision of a Deployment or ReplicaSet; 0 without one."""
    text = found.metadata.annotations.get(REVISION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0
