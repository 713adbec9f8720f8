"""The OpenAPI document is valid, and the API does what it says: schemathesis asks it everything it can think of."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from aiops.web.app import OPERATIONS
from aiops.web.openapi import document

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


def test_every_reference_is_there_and_every_schema_is_one() -> None:
    found = document(OPERATIONS)
    for schema in found["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    names = [operation.name for operation in OPERATIONS]
    assert len(names) == len(set(names))
    for path in found["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                [(kind, content)] = response["content"].items()
                if kind == "text/markdown":
                    continue
                assert kind == "application/json"
                reference = content["schema"]["$ref"]
                assert reference.rpartition("/")[2] in found["components"]["schemas"]


@pytest.mark.parametrize("operation", [(o.method, o.path) for o in OPERATIONS], ids=[o.name for o in OPERATIONS])
def test_the_api_does_what_its_document_says(lasting: Any, operation: tuple[str, str]) -> None:
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{lasting.port}/api/v1/openapi.json")
    method, path = operation
    found: list[Any] = list(schema.include(path=path, method=method).get_all_operations())
    assert len(found) == 1

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=found[0].ok().as_strategy(), real=st.booleans())
    def ask(case: Any, real: bool) -> None:
        if real and "incidents/{id}" in path:
            case.path_parameters["id"] = lasting.incident
        case.call_and_validate(checks=CHECKS)

    ask()
