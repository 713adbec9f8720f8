"""URLs of the API server and requests to it; a name in a URL has passed `names`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from aiops.step_kinds.exchange import Request
from aiops.step_kinds.placeholders import path, query
from aiops.step_kinds.systems import System

# The name under which the API server records our changes (`managedFields`), in the audit log of the cluster as well.
FIELD_MANAGER = "aiops"
JSON_PATCH = "application/json-patch+json"
# Names, labels and owners without specification: some hundred bytes an object in place of tens of thousands.
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_TIMEOUT_S = 15.0
PLURALS = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets"}


class Api(Struct, frozen=True):
    """Requests to one API server."""

    system: System

    def workload(self, resource: str, namespace: str, name: str, *sub: str) -> str:
        """Return the URL of a Deployment, StatefulSet or DaemonSet."""
        return path(self.system.url, "apis", "apps", "v1", "namespaces", namespace, PLURALS[resource], name, *sub)

    def core(self, *segments: str) -> str:
        """Return a URL of the core group."""
        return path(self.system.url, "api", "v1", *segments)

    def group(self, group: str, version: str, *segments: str) -> str:
        """Return a URL of another group."""
        return path(self.system.url, "apis", group, version, *segments)

    def get(
        self, url: str, *, accept: str = "", statuses: tuple[int, ...] = (200,), **parameters: str | int
    ) -> Request:
        """Return a read."""
        headers = {"accept": accept or "application/json"}
        return self._request("GET", url + query(parameters), headers, statuses=statuses)

    def change(self, method: str, url: str, body: Any, content_type: str, *, dry: bool = False) -> Request:
        """Return a change, or the server-side dry run of it: admission and validation run, nothing is stored.

        https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
        """
        parameters = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry else {})
        headers = {"accept": "application/json", "content-type": content_type}
        return self._request(method, url + query(parameters), headers, body, (200, 201))

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: Any = None, statuses: tuple[int, ...] = (200,)
    ) -> Request:
        system = self.system
        return Request(method, url, dict(headers), body, system.secret, _TIMEOUT_S, list(statuses), system.name)
