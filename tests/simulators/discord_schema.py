"""Discord's own description of its API, for checking what is sent to it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
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
            f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
            for error in self._validator(name).iter_errors(value)
        ]

    @functools.cache  # noqa: B019 - there is one Schema, and it lives as long as the tests
    def _validator(self, name: str) -> jsonschema_rs.Draft202012Validator:
        reference = {"$ref": f"#/components/schemas/{name}", "components": self.document["components"]}
        return jsonschema_rs.Draft202012Validator(reference, validate_formats=False)


SCHEMA = Schema()
needs_schema = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not beside the project")


def size_problems(body: dict[str, Any]) -> list[str]:
    """The limits of a message that Discord documents in words only."""
    problems = []
    embeds = body.get("embeds") or []
    texts = [
        text
        for embed in embeds
        for text in (embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text"))
        if text
    ]
    if sum(len(text.encode("utf-16-le")) // 2 for text in texts) > 6000:
        problems.append("embeds: more than 6000 characters in all")
    if len(body.get("content") or "") > 2000:
        problems.append("content: more than 2000 characters")
    rows = body.get("components") or []
    ids = [button["custom_id"] for row in rows for button in row["components"] if "custom_id" in button]
    if len(rows) > 5 or len(set(ids)) != len(ids):
        problems.append("components: too many rows, or a custom_id twice")
    return problems
