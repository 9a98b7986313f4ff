"""The OpenAPI document of the API (version 3.1), made from its operations and the models of their answers."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from adapters.web.api.answers import ProblemAnswer
from adapters.web.api.operations import OPERATIONS, Operation
from bot import __version__

API: Final = "/api/v1"
DOCUMENT: Final = f"{API}/openapi.json"
PROBLEM: Final = "application/problem+json"
_REF: Final = "#/components/schemas/{model}"
_PROBLEMS: Final = {
    "400": "What is asked for cannot be understood.",
    "401": "No token, or none that is valid.",
    "404": "There is none of that id.",
    "422": "A parameter, or the query, is wrong: `detail` says what to write instead.",
    "429": "Too many requests: `Retry-After` says when to come again.",
    "503": "The database does not answer right now.",
}


def api_document() -> dict[str, Any]:
    """The whole document."""
    answers: list[type[BaseModel]] = [*(one.answer for one in OPERATIONS), ProblemAnswer]
    models: list[tuple[type[BaseModel], Literal["serialization"]]] = [(one, "serialization") for one in answers]
    _, schemas = models_json_schema([*models], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Paper Round",
            "version": __version__,
            "description": "What the workspace shows, for programs to read. Times are in UTC. Answers have an `ETag`, "
            "and a request with `If-None-Match` gets 304 where nothing changed.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": API}],
        "security": [{"token": []}, {}],
        "paths": {path_of(one): {"get": _operation(one)} for one in OPERATIONS},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A personal token (`ppr_…`) from the page of one's account, or from `paperround "
                    "tokens create`. Where nobody logs in none is needed.",
                }
            },
        },
    }


def path_of(operation: Operation) -> str:
    """The path as the document has it."""
    return operation.path.replace(":path}", "}")


def _operation(operation: Operation) -> dict[str, Any]:
    in_path = set(re.findall(r"{(\w+)", operation.path))
    schema = operation.asked.model_json_schema()
    definitions = schema.get("$defs", {})
    parameters = []
    for name, described in schema.get("properties", {}).items():
        plain = {key: value for key, value in described.items() if key not in ("description", "title")}
        parameters.append(
            {
                "name": name,
                "in": "path" if name in in_path else "query",
                "required": name in in_path or name in schema.get("required", ()),
                "description": described["description"],
                "schema": _inlined(plain, definitions),
            }
        )
    problem = {"content": {PROBLEM: {"schema": {"$ref": _REF.format(model=ProblemAnswer.__name__)}}}}
    return {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": (operation.answer.__doc__ or "").strip(),
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": {"$ref": _REF.format(model=operation.answer.__name__)}}},
            },
            "304": {"description": "Nothing changed."},
            **{status: {"description": words, **problem} for status, words in _PROBLEMS.items()},
        },
    }


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema of a parameter, which stands alone."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            found = definitions[schema["$ref"].rpartition("/")[2]]
            return {key: value for key, value in found.items() if key not in ("title", "description")}
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    return [_inlined(one, definitions) for one in schema] if isinstance(schema, list) else schema
