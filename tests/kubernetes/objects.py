"""Objects of a cluster, complete enough that the API server's defaults change nothing that tests compare."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def template(image: str, labels: dict[str, str], **environment: str) -> Json:
    """A pod template."""
    container: Json = {"name": "app", "image": image}
    if environment:
        container["env"] = [{"name": name, "value": value} for name, value in environment.items()]
    return {"metadata": {"labels": labels}, "spec": {"containers": [container]}}


def workload(kind: str, namespace: str, name: str, image: str = "shop/app:1", replicas: int = 2) -> Json:
    """A Deployment, StatefulSet or DaemonSet."""
    labels = {"app": name}
    spec: Json = {"selector": {"matchLabels": labels}, "template": template(image, labels)}
    if kind != "DaemonSet":
        spec["replicas"] = replicas
    if kind == "StatefulSet":
        spec |= {"serviceName": name}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def pod(namespace: str, name: str, **metadata: Any) -> Json:
    """A pod of its own; `metadata` can give it owners."""
    spec = {"containers": [{"name": "app", "image": "shop/app:1"}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace} | metadata,
        "spec": spec,
    }


def node(name: str, **metadata: Any) -> Json:
    """A node."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name} | metadata, "spec": {}}


def autoscaler(namespace: str, name: str, kind: str, target: str) -> Json:
    """An autoscaler of a workload."""
    spec = {
        "minReplicas": 1,
        "maxReplicas": 5,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": target},
    }
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}  # fmt: skip
