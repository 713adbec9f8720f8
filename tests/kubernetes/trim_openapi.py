"""Makes `aiops/testing/kubernetes_openapi.json`: the used part of the OpenAPI schema of Kubernetes.

    python -m tests.kubernetes.trim_openapi SWAGGER VERSION

SWAGGER is `api/openapi-spec/swagger.json` of k8s.io/kubernetes (Apache License 2.0, The Kubernetes Authors), of the
release VERSION. Kept are the paths below, all definitions that they need, and of these what a check of requests needs:
no descriptions.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "aiops" / "testing" / "kubernetes_openapi.json"
_APPS = "/apis/apps/v1/namespaces/{namespace}"
_POD = "/api/v1/namespaces/{namespace}/pods/{name}"
PATHS: dict[str, tuple[str, ...]] = {
    f"{_APPS}/deployments/{{name}}": ("get", "patch"),
    f"{_APPS}/deployments/{{name}}/scale": ("patch",),
    f"{_APPS}/statefulsets/{{name}}": ("get", "patch"),
    f"{_APPS}/statefulsets/{{name}}/scale": ("patch",),
    f"{_APPS}/daemonsets/{{name}}": ("get", "patch"),
    f"{_APPS}/replicasets": ("get",),
    _POD: ("get",),
    f"{_POD}/eviction": ("post",),
    f"{_POD}/log": ("get",),
    "/api/v1/namespaces/{namespace}/pods": ("get",),
    "/api/v1/namespaces/{namespace}/events": ("get",),
    "/api/v1/nodes": ("get",),
    "/api/v1/nodes/{name}": ("get", "patch"),
    "/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers": ("get",),
}
# What collectors read besides: an object and a list of each.
_READ = {
    "/api/v1": ("services", "endpoints", "persistentvolumeclaims", "pods"),
    "/apis/apps/v1": ("deployments", "replicasets", "statefulsets", "daemonsets"),
    "/apis/batch/v1": ("jobs", "cronjobs"),
    "/apis/autoscaling/v2": ("horizontalpodautoscalers",),
}
for _group, _plurals in _READ.items():
    for _plural in _plurals:
        for _place in ("", "/{name}"):
            PATHS.setdefault(f"{_group}/namespaces/{{namespace}}/{_plural}{_place}", ("get",))
PATHS["/api/v1/events"] = ("get",)
# Objects that tests store, besides the bodies of requests.
STORED = (
    "io.k8s.api.apps.v1.Deployment",
    "io.k8s.api.apps.v1.StatefulSet",
    "io.k8s.api.apps.v1.DaemonSet",
    "io.k8s.api.apps.v1.ReplicaSet",
    "io.k8s.api.autoscaling.v1.Scale",
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
    "io.k8s.api.core.v1.Node",
    "io.k8s.api.core.v1.Pod",
)
_KEPT = ("type", "format", "properties", "required", "items", "additionalProperties", "$ref")
_REF = re.compile(r'"#/(?:definitions|parameters)/([^"]+)"')


def trimmed(swagger: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the part of a specification that is used."""
    parameters = {name: _parameter(one) for name, one in swagger["parameters"].items()}
    paths = {path: _item(swagger["paths"][path], methods, parameters) for path, methods in PATHS.items()}
    definitions: dict[str, Any] = {}
    wanted = [*STORED, *_REF.findall(json.dumps(paths))]
    while wanted:
        name = wanted.pop()
        if name not in definitions:
            definitions[name] = _schema(swagger["definitions"][name])
            wanted += _REF.findall(json.dumps(definitions[name]))
    origin = f"k8s.io/kubernetes api/openapi-spec/swagger.json, {version}, Apache License 2.0"
    return {"origin": origin, "paths": paths, "definitions": dict(sorted(definitions.items()))}


def _item(item: dict[str, Any], methods: tuple[str, ...], shared: dict[str, Any]) -> dict[str, Any]:
    made = {}
    for method in methods:
        operation = item[method]
        found = [_parameter(shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one)
                 for one in (*item.get("parameters", ()), *operation.get("parameters", ()))]  # fmt: skip
        made[method] = {
            "consumes": operation.get("consumes", ["*/*"]),
            "produces": operation["produces"],
            "parameters": {one["name"]: one for one in found},
        }
    return made


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    return {key: one[key] for key in ("name", "in", "type", "required", "schema") if key in one}


def _schema(value: dict[str, Any]) -> dict[str, Any]:
    made = {key: value[key] for key in _KEPT if key in value}
    if made.get("format") == "int-or-string":
        return {"type": ["integer", "string"]}
    if "properties" in made:
        # The API server refuses unknown fields with `fieldValidation=Strict`.
        made.setdefault("additionalProperties", False)
    if "properties" in made:
        made["properties"] = {name: _schema(one) for name, one in made["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = _schema(made[key])
    return made


def main(arguments: list[str]) -> None:
    """Write the file."""
    swagger = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    TARGET.write_text(
        json.dumps(trimmed(swagger, arguments[1]), separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
