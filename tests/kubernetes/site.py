"""A cluster as the tests use it, real or in memory: objects by an administrator, requests by the service account."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import yaml

from aiops.http.client import HttpClient
from aiops.respond.transport import MAX_ANSWER_BYTES
from aiops.testing.kubernetes_cluster import MemoryCluster
from aiops.testing.kubernetes_controllers import Controllers
from aiops.testing.kubernetes_rights import Rule, rules_of_roles
from aiops.testing.kubernetes_server import OpenApiServer

Json = dict[str, Any]
# As much as the daemon reads.
ANSWER_BYTES = MAX_ANSWER_BYTES
MANIFEST = Path(__file__).parents[2] / "deploy" / "kubernetes-rbac.yaml"


class Site(Protocol):
    """What both clusters can do."""

    is_real: bool
    url: str
    ca_file: str | None

    @property
    def client(self) -> HttpClient:
        """A client that trusts the API server."""
        ...

    def namespace(self) -> str:
        """A new namespace in which the service account may act."""
        ...

    def bind(self, role: str, namespace: str) -> None:
        """Give the service account the rights of a role in a namespace."""
        ...

    def token(self) -> str:
        """The current token of the service account."""
        ...

    def create(self, plural: str, made: Json) -> Json:
        """Create an object."""
        ...

    def get(self, plural: str, namespace: str, name: str) -> Json:
        """Read an object."""
        ...

    def change(self, plural: str, namespace: str, name: str, edit: Callable[[Json], None]) -> Json:
        """Change an object as another person would."""
        ...

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object."""
        ...

    def settle(self, namespace: str) -> None:
        """Let controllers work until all rollouts are complete; each new pod becomes ready."""
        ...

    def pods(self, namespace: str) -> list[Json]:
        """The pods of a namespace."""
        ...

    def protect(self, namespace: str, name: str) -> None:
        """Let a disruption budget protect all pods of a workload."""
        ...

    def stall(self, namespace: str, name: str) -> None:
        """Let the rollout of a Deployment exceed its progress deadline: no new pod becomes ready."""
        ...


def manifest() -> list[Json]:
    """The objects of the manifest that is shipped."""
    return list(yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")))


def rules_of_manifest(*names: str) -> set[Rule]:
    """(Group, resource, verb) of roles of the manifest."""
    return rules_of_roles(MANIFEST, *names)


class MemorySite:
    """A cluster in memory behind an `OpenApiServer`, with controllers that work when they are called."""

    is_real = False
    ca_file: str | None = None

    def __init__(self, server: OpenApiServer) -> None:
        self.server = server
        self.client = HttpClient(allow_private=True)
        self.url = server.url
        self.cluster: MemoryCluster = server.cluster
        self.controllers = Controllers(server.cluster)
        server.rules["token-of-aiops"] = rules_of_manifest("aiops-respond", "aiops-respond-nodes")

    def namespace(self) -> str:
        return f"ns-{uuid.uuid4().hex[:8]}"

    def bind(self, role: str, namespace: str) -> None:
        self.server.rules["token-of-aiops"] |= rules_of_manifest(role)

    def token(self) -> str:
        return "token-of-aiops"

    def create(self, plural: str, made: Json) -> Json:
        return self.cluster.create(plural, made)

    def get(self, plural: str, namespace: str, name: str) -> Json:
        return self.cluster.get(plural, namespace, name)

    def change(self, plural: str, namespace: str, name: str, edit: Callable[[Json], None]) -> Json:
        found = self.cluster.get(plural, namespace, name)
        edit(found)
        return self.cluster.replace(plural, found)

    def delete(self, plural: str, namespace: str, name: str) -> None:
        self.cluster.delete(plural, namespace, name)

    def pods(self, namespace: str) -> list[Json]:
        return self.cluster.listed("pods", namespace)

    def protect(self, namespace: str, name: str) -> None:
        self.cluster.protected |= {one["metadata"]["name"] for one in self.pods(namespace)}

    def stall(self, namespace: str, name: str) -> None:
        self.controllers.stall(namespace, name)

    def settle(self, namespace: str) -> None:
        self.controllers.settle(namespace)
