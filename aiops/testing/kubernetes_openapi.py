"""Checks requests and objects against the OpenAPI schema of Kubernetes (`kubernetes_openapi.json`)."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
}  # fmt: skip
_PARTIAL = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
JSON_PATCH = "application/json-patch+json"


class Fault(Exception):
    """A request that the specification does not have, with the status of the API server's answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Sent(Struct):
    """A request that fits the specification.

    `names` are the parameters in its path, by the `template` of the path.
    """

    template: str
    method: str
    names: dict[str, str]
    query: dict[str, str]
    content_type: str
    accept: str
    body: Any


@cache
def specification() -> dict[str, Any]:
    """The trimmed specification."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("kubernetes_openapi.json").read_text(encoding="utf-8"))
    return found


def checked(method: str, target: str, headers: dict[str, str], body: bytes) -> Sent:
    """A request as the specification has it; raise `Fault` for any other."""
    path, _, query = target.partition("?")
    template, names = _path(path)
    operation = specification()["paths"][template].get(method.lower())
    if operation is None:
        raise Fault(405, f"the server does not allow this method on the requested resource: {method} {template}")
    given = dict(parse_qsl(query, keep_blank_values=True))
    for name, value in given.items():
        parameter = operation["parameters"].get(name, {})
        if parameter.get("in") != "query":
            raise Fault(400, f"unknown parameter {name}")
        if parameter["type"] == "integer" and not value.isdigit():
            raise Fault(400, f"{name}: expected a number; got {value!r}")
    accept = headers.get("accept", "*/*")
    if accept not in ("*/*", _PARTIAL, *operation["produces"]):
        raise Fault(406, f"only the following media types are accepted: {operation['produces']}")
    content_type = headers.get("content-type", "").partition(";")[0]
    decoded = _body(operation, content_type, body)
    return Sent(template, method, names, given, content_type, accept, decoded)


def problems(value: Any, schema: dict[str, Any], place: str = "$") -> list[str]:
    """The places where a value does not fit a schema."""
    if "$ref" in schema:
        return problems(value, specification()["definitions"][schema["$ref"].rpartition("/")[2]], place)
    kinds = schema.get("type", [])
    wanted = tuple(_TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
    if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)):
        return [f"{place}: expected {kinds}; got {type(value).__name__}"]
    if isinstance(value, list):
        inner = schema.get("items", {})
        return [one for number, part in enumerate(value) for one in problems(part, inner, f"{place}[{number}]")]
    if not isinstance(value, dict):
        return []
    known, extra = schema.get("properties", {}), schema.get("additionalProperties", {})
    found = [f"{place}.{name}: required" for name in schema.get("required", ()) if name not in value]
    for name, part in value.items():
        if name not in known and extra is False:
            found.append(f'{place}: unknown field "{name}"')
        else:
            found += problems(part, known.get(name, extra), f"{place}.{name}")
    return found


def definition(name: str) -> dict[str, Any]:
    """The schema of a definition."""
    return {"$ref": f"#/definitions/{name}"}


def _path(path: str) -> tuple[str, dict[str, str]]:
    for template in specification()["paths"]:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        if (found := re.fullmatch(pattern, path)) is not None:
            return template, {name: unquote(value) for name, value in found.groupdict().items()}
    raise Fault(404, f"the server could not find the requested resource: {path}")


def _body(operation: dict[str, Any], content_type: str, body: bytes) -> Any:
    parameter = operation["parameters"].get("body")
    if parameter is None:
        if body:
            raise Fault(400, "expected no body")
        return None
    if "*/*" not in operation["consumes"] and content_type not in operation["consumes"]:
        raise Fault(415, f"the body of the request was in an unknown format: {content_type!r}")
    try:
        decoded = json.loads(body)
    except ValueError:
        raise Fault(400, "the body is no JSON") from None
    found = _patch_problems(decoded) if content_type == JSON_PATCH else problems(decoded, parameter["schema"])
    if found:
        raise Fault(400, "; ".join(found))
    return decoded


def _patch_problems(value: Any) -> list[str]:
    """RFC 6902: an array of operations."""
    if not isinstance(value, list):
        return ["expected a JSON array"]
    found = []
    for number, part in enumerate(value):
        op = part.get("op") if isinstance(part, dict) else None
        wanted = {"op", "path"} | (set() if op == "remove" else {"value"})
        if op not in ("add", "remove", "replace", "test") or set(part) != wanted or not part["path"].startswith("/"):
            found.append(f"$[{number}]: no operation of RFC 6902 that is known here")
    return found
