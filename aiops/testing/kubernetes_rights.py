"""Rights of a service account, read from the roles of a manifest."""

from __future__ import annotations

from pathlib import Path

import yaml

# Group, resource with its subresource, verb.
Rule = tuple[str, str, str]


def rules_of_roles(manifest: Path, *names: str) -> set[Rule]:
    """Return what cluster roles of a manifest permit."""
    objects = yaml.safe_load_all(manifest.read_text(encoding="utf-8"))
    roles = [one for one in objects if one["kind"] == "ClusterRole" and one["metadata"]["name"] in names]
    return {
        (group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
