"""Discord's own description of its API, for checking what is sent to it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

FILE = Path(__file__).parents[3] / "shared" / "schemas" / "discord-openapi.json"


class Schema:
    """The schemas by name. Without the document nothing is checked, and tests about it are skipped."""

    @functools.cached_property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(FILE.read_text())
        return document

    def problems(self, name: str, value: object) -> list[str]:
        """What is wrong with a value, as `path: message`."""
        if not FILE.exists():
            return []
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in self._validator(name).iter_errors(value)
        ]

    @functools.cache  # noqa: B019 - there is one Schema, and it lives as long as the tests
    def _validator(self, name: str) -> jsonschema.Draft202012Validator:
        reference = {"$ref": f"#/components/schemas/{name}", "components": self.document["components"]}
        return jsonschema.Draft202012Validator(reference)


SCHEMA = Schema()
needs_schema = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not beside the project")
