"""The OpenAPI 3.1 document, generated from the table of operations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from aiops.version import __version__
from aiops.web.bodies import Error
from aiops.web.operations import Operation

_REF = "#/components/schemas/{name}"
# The answers of every operation: an invalid request, no token, an insufficient one, a slow or large body.
_USUAL = {400: "The request does not fit", 401: "No valid token", 403: "Not allowed"}
_BODY = {408: "The body arrived too slowly", 413: "The body is too large", 415: "The body is not JSON"}
_OWN = {404: "There is none of that name", 409: "It was refused; the reason is in the body", 503: "Busy: try again"}


def document(operations: Sequence[Operation], server: str = "/") -> dict[str, Any]:
    """Return the document as plain JSON values."""
    types: list[Any] = [Error]
    for operation in operations:
        types += [type_ for type_ in (operation.answer, operation.body, operation.query) if type_ not in (None, str)]
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    queries = {operation.query.__name__ for operation in operations if operation.query is not None}
    return {
        "openapi": "3.1.0",
        "info": {"title": "aiops", "version": __version__, "description": "Incidents, silences and deliveries."},
        "servers": [{"url": server}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in queries},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    errors = (
        dict(_USUAL) | (_BODY if operation.body is not None else {}) | {code: _OWN[code] for code in operation.errors}
    )
    if operation.body is not None:
        errors[503] = _OWN[503]
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs a token with the scope `{operation.scope}`.",
        "parameters": _parameters(operation, schemas),
        "responses": {
            str(operation.status): {"description": "Done", "content": _answered(operation)},
            **{str(code): _response(text, "Error") for code, text in sorted(errors.items())},
        },
    }
    if operation.body is not None:
        found["requestBody"] = {"required": True, "content": _content(operation.body.__name__)}
    return found


def _parameters(operation: Operation, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", operation.path)
    schema = {"type": "string", "minLength": 1}
    found: list[dict[str, Any]] = [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]
    if operation.query is not None:
        for name, property_ in schemas[operation.query.__name__]["properties"].items():
            found.append({"name": name, "in": "query", "schema": _without_null(property_)})
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Remove null from a parameter's schema: a parameter is present or absent; text has no null."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        return dict(options[0])
    if isinstance(schema.get("enum"), list):
        return {**schema, "enum": [value for value in schema["enum"] if value is not None]}
    return schema


def _response(text: str, schema: str) -> dict[str, Any]:
    return {"description": text, "content": _content(schema)}


def _answered(operation: Operation) -> dict[str, Any]:
    if operation.answer is str:
        return {"text/markdown": {"schema": {"type": "string"}}}
    return _content(operation.answer.__name__)


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=schema)}}}
