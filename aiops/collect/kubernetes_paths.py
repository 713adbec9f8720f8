"""Paths of the Kubernetes API that collectors may read, with names that Kubernetes itself accepts.

https://kubernetes.io/docs/reference/kubernetes-api/, https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re

from aiops.errors import UsageError
from aiops.respond.collectors import KubernetesRead

# The group and version of each resource; those of a cluster have no namespace.
_GROUPS = {
    "pods": "api/v1",
    "nodes": "api/v1",
    "services": "api/v1",
    "endpoints": "api/v1",
    "persistentvolumeclaims": "api/v1",
    "deployments": "apis/apps/v1",
    "replicasets": "apis/apps/v1",
    "statefulsets": "apis/apps/v1",
    "daemonsets": "apis/apps/v1",
    "jobs": "apis/batch/v1",
    "cronjobs": "apis/batch/v1",
    "horizontalpodautoscalers": "apis/autoscaling/v2",
}
_OF_CLUSTER = frozenset({"nodes"})
# A DNS subdomain (RFC 1123), as names of objects are; of namespaces and containers the shorter form.
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
# Objects of one list, and events of one object. Lists are long: a pod has 5 to 10 kB.
MAX_OBJECTS, MAX_EVENTS = 50, 100
MAX_LOG_BYTES = 65_536
Path = tuple[list[str], dict[str, str]]


def path_of(read: KubernetesRead) -> Path:
    """Return segments and query of a read that is filled in; raise `UsageError` for what does not fit."""
    if read.read == "events":
        return _events(read)
    if read.read == "logs":
        return _logs(read)
    segments = _GROUPS[read.resource].split("/")
    if read.resource not in _OF_CLUSTER:
        segments += ["namespaces", _name(read.namespace, "namespace")]
    segments.append(read.resource)
    if read.read == "object":
        return [*segments, _name(read.object, "object")], {}
    query = {"limit": str(MAX_OBJECTS)}
    if read.selector:
        query["labelSelector"] = ",".join(f"{one.label}={_value(one.value)}" for one in read.selector)
    return segments, query


def _logs(read: KubernetesRead) -> Path:
    if read.resource != "pods":
        raise UsageError(f"kubernetes.resource: expected pods, which have logs; got {read.resource}")
    query = {"tailLines": str(read.lines), "limitBytes": str(MAX_LOG_BYTES), "timestamps": "true"}
    if read.container is not None:
        query["container"] = _name(read.container, "container")
    if read.previous:
        query["previous"] = "true"
    namespace, pod = _name(read.namespace, "namespace"), _name(read.object, "object")
    return ["api", "v1", "namespaces", namespace, "pods", pod, "log"], query


def _events(read: KubernetesRead) -> Path:
    query = {"limit": str(MAX_EVENTS)}
    if read.object is not None:
        # A name holds no character with a meaning in a field selector.
        query["fieldSelector"] = f"involvedObject.name={_name(read.object, 'object')}"
    if read.namespace is None:
        return ["api", "v1", "events"], query
    return ["api", "v1", "namespaces", _name(read.namespace, "namespace"), "events"], query


def _name(value: str | None, place: str) -> str:
    if value is None or not _NAME.fullmatch(value) or ".." in value:
        raise UsageError(f"kubernetes.{place}: expected a name of Kubernetes; got {value!r}")
    return value


def _value(value: str) -> str:
    if not _LABEL_VALUE.fullmatch(value):
        raise UsageError(f"kubernetes.selector: expected a value of a label; got {value[:80]!r}")
    return value
