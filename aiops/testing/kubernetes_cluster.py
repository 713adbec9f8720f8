"""The objects of a cluster in memory, changed as the API server does it.

Versions, generations, conflicts and dry runs.

What is here is what the operations of `aiops_connectors.kubernetes` depend on. The same tests run against it and
against a real API server, where there is one: the comparison is what shows that it answers alike.
"""

from __future__ import annotations

import copy
import itertools
import threading
import uuid
from typing import Any

from aiops.testing.kubernetes_openapi import Fault, definition, problems

Json = dict[str, Any]
Key = tuple[str, str, str]
# The definitions of what is stored, by plural.
STORED = {
    "deployments": "io.k8s.api.apps.v1.Deployment",
    "statefulsets": "io.k8s.api.apps.v1.StatefulSet",
    "daemonsets": "io.k8s.api.apps.v1.DaemonSet",
    "replicasets": "io.k8s.api.apps.v1.ReplicaSet",
    "horizontalpodautoscalers": "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
    "nodes": "io.k8s.api.core.v1.Node",
    "pods": "io.k8s.api.core.v1.Pod",
}
REVISION = "deployment.kubernetes.io/revision"


class MemoryCluster:
    """Objects by (plural, namespace, name)."""

    def __init__(self) -> None:
        self.objects: dict[Key, Json] = {}
        # Held by a request, and by controllers while they work.
        self.lock = threading.RLock()
        # Pods that a disruption budget protects.
        self.protected: set[str] = set()
        self._versions = itertools.count(100)
        # Counts what was stored and deleted: controllers look again once it moved.
        self.changes = 0

    def create(self, plural: str, made: Json) -> Json:
        """Store a new object."""
        made = copy.deepcopy(made)
        meta = made["metadata"]
        key = (plural, meta.get("namespace", ""), meta["name"])
        if key in self.objects:
            raise Fault(409, f"{plural} {meta['name']!r} already exists")
        meta |= {"uid": str(uuid.uuid4()), "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z"}
        return self._store(key, made)

    def get(self, plural: str, namespace: str, name: str) -> Json:
        """An object; raise `Fault` with 404."""
        found = self.objects.get((plural, namespace, name))
        if found is None:
            raise Fault(404, f'{plural} "{name}" not found')
        return copy.deepcopy(found)

    def listed(self, plural: str, namespace: str) -> list[Json]:
        """The objects of a kind in a namespace, by name; of all namespaces for an empty one."""
        keys = sorted(key for key in self.objects if key[0] == plural and namespace in ("", key[1]))
        return [copy.deepcopy(self.objects[key]) for key in keys]

    def replace(self, plural: str, after: Json, *, dry: bool = False) -> Json:
        """Store a changed object; its generation counts changes of its specification.

        That of a Deployment counts those of its annotations, too.
        """
        meta = after["metadata"]
        before = self.get(plural, meta.get("namespace", ""), meta["name"])
        known = before["metadata"]
        if meta.get("uid") not in (None, known["uid"]):
            raise Fault(409, f"Precondition failed: UID in precondition: {meta.get('uid')}")
        if meta.get("resourceVersion") not in (None, known["resourceVersion"]):
            raise Fault(409, "the object has been modified; please apply your changes to the latest version")
        for name in ("uid", "creationTimestamp", "generation"):
            meta[name] = known[name]
        annotated = plural == "deployments" and meta.get("annotations") != known.get("annotations")
        if after.get("spec") != before.get("spec") or annotated:
            meta["generation"] += 1
        if found := problems(after, definition(STORED[plural])):
            raise Fault(422, "; ".join(found))
        self._validate(before, after)
        return after if dry else self._store((plural, meta.get("namespace", ""), meta["name"]), after)

    def update_status(self, plural: str, after: Json) -> None:
        """Store what controllers write: status and annotations, without a new generation."""
        meta = after["metadata"]
        self._store((plural, meta.get("namespace", ""), meta["name"]), copy.deepcopy(after))

    def evict(self, namespace: str, name: str, preconditions: Json, *, dry: bool = False) -> None:
        """Evict a pod; raise `Fault` with 409 if it is another, 429 if a budget protects it."""
        found = self.get("pods", namespace, name)["metadata"]
        for field in ("uid", "resourceVersion"):
            if preconditions.get(field) not in (None, found[field]):
                raise Fault(409, f"Precondition failed: {field}: {preconditions[field]}")
        if name in self.protected:
            raise Fault(429, "Cannot evict pod as it would violate the pod's disruption budget.")
        if not dry:
            self.delete("pods", namespace, name)

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object."""
        self.objects.pop((plural, namespace, name), None)
        self.changes += 1

    def _store(self, key: Key, made: Json) -> Json:
        if found := problems(made, definition(STORED[key[0]])):
            raise Fault(422, "; ".join(found))
        made["metadata"]["resourceVersion"] = str(next(self._versions))
        self.objects[key] = made
        self.changes += 1
        return copy.deepcopy(made)

    def _validate(self, before: Json, after: Json) -> None:
        spec, was = after.get("spec", {}), before.get("spec", {})
        if spec.get("selector") != was.get("selector"):
            raise Fault(422, "spec.selector: field is immutable")
        if "template" in spec and "selector" in spec:
            labels = spec["template"].get("metadata", {}).get("labels", {})
            if not spec["selector"]["matchLabels"].items() <= labels.items():
                raise Fault(422, "spec.template.metadata.labels: `selector` does not match template `labels`")
            if not spec["template"].get("spec", {}).get("containers"):
                raise Fault(422, "spec.template.spec.containers: Required value")
        if spec.get("replicas", 1) < 0:
            raise Fault(422, "spec.replicas: must be greater than or equal to 0")


def patched(target: Any, operations: list[Json]) -> Any:
    """An RFC 6902 patch of a JSON value, as evanphx/json-patch applies it; raise `Fault` with 422.

    A test for null passes where there is nothing.
    """
    made = copy.deepcopy(target)
    for one in operations:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in one["path"][1:].split("/")]
        holder = made
        for part in parents:
            holder = _member(holder, part)
        if holder is _NOTHING or not isinstance(holder, dict | list):
            raise Fault(422, f"{one['op']} operation does not apply: doc is missing path: {one['path']}")
        _apply(one, holder, last)
    return made


def merged(target: Any, patch: Any) -> Any:
    """An RFC 7386 merge patch of a JSON value."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merged(made.get(name), value)
    return made


_NOTHING = object()


def _member(holder: Any, part: str) -> Any:
    if isinstance(holder, list):
        return holder[int(part)] if part.isdigit() and int(part) < len(holder) else _NOTHING
    return holder.get(part, _NOTHING) if isinstance(holder, dict) else _NOTHING


def _apply(one: Json, holder: Any, last: str) -> None:
    current = _member(holder, last)
    if one["op"] == "test":
        if (None if current is _NOTHING else current) != one["value"]:
            raise Fault(422, f"testing value {one['path']} failed")
        return
    if one["op"] != "add" and current is _NOTHING:
        raise Fault(422, f"{one['op']} operation does not apply: doc is missing key: {one['path']}")
    if one["op"] == "remove":
        del holder[last if isinstance(holder, dict) else int(last)]
    else:
        holder[last if isinstance(holder, dict) else int(last)] = copy.deepcopy(one["value"])
