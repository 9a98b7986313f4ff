"""Discord's own description of its API, for checking what is sent to it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
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


V2 = 1 << 15  # IS_COMPONENTS_V2
ACTION_ROW, BUTTON, SELECT, SECTION, TEXT_DISPLAY, THUMBNAIL, SEPARATOR, CONTAINER = 1, 2, 3, 9, 10, 11, 14, 17
#: Where a component of Components V2 may stand: https://docs.discord.com/developers/components/reference.
PLACES = {
    "message": {ACTION_ROW, SECTION, TEXT_DISPLAY, SEPARATOR, CONTAINER},
    "container": {ACTION_ROW, SECTION, TEXT_DISPLAY, SEPARATOR},
    "section": {TEXT_DISPLAY},
    "row": {BUTTON, SELECT},
}


def size_problems(body: dict[str, Any], *, changed: dict[str, Any] | None = None) -> list[str]:
    """The rules of a message that Discord documents in words only. `changed` is the message that the body edits."""
    components = body.get("components") or []
    if ((body.get("flags") or 0) | (changed or {}).get("flags", 0)) & V2:
        shown = {**(changed or {}), **body}
        given = [part for part in ("content", "embeds", "poll", "sticker_ids") if shown.get(part)]
        problems = [f"{part}: cannot be used with IS_COMPONENTS_V2" for part in given]
        return problems + (layout_problems(components) if "components" in body else [])
    problems = []
    embeds = body.get("embeds") or []
    texts = [
        text
        for embed in embeds
        for text in (embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text"))
        if text
    ]
    if sum(units(text) for text in texts) > 6000:
        problems.append("embeds: more than 6000 characters in all")
    if len(body.get("content") or "") > 2000:
        problems.append("content: more than 2000 characters")
    if any(row["type"] != ACTION_ROW for row in components):
        problems.append("components: only action rows without IS_COMPONENTS_V2")
    if len(components) > 5:
        problems.append("components: more than 5 rows")
    return problems + row_problems(components)


def layout_problems(components: list[dict[str, Any]], place: str = "message") -> list[str]:
    """What is wrong with the components of a message with the flag."""
    problems = []
    for component in components:
        kind = component["type"]
        if kind not in PLACES[place]:
            problems.append(f"components: a component of type {kind} in a {place}")
        if kind == CONTAINER:
            problems += layout_problems(component["components"], "container")
        if kind == SECTION:
            problems += layout_problems(component["components"], "section")
            if not 1 <= len(component["components"]) <= 3:
                problems.append("components: a section with no text, or with more than three")
            if component["accessory"]["type"] not in (BUTTON, THUMBNAIL):
                problems.append("components: an accessory that is neither a button nor a thumbnail")
    if place != "message":
        return problems
    every = list(walk(components))
    texts = [component["content"] for component in every if component["type"] == TEXT_DISPLAY]
    if not components:
        problems.append("components: none")
    if len(every) > 40:
        problems.append(f"components: {len(every)} and at most 40")
    if sum(map(units, texts)) > 4000 or not all(text.strip() for text in texts):
        problems.append("components: more than 4000 characters, or none")
    if processed(texts) > 10_170:
        problems.append("components: more bytes than Discord can process")  # it would answer 500
    rows = [component for component in every if component["type"] == ACTION_ROW]
    beside = [one["accessory"] for one in every if one["type"] == SECTION and one["accessory"]["type"] == BUTTON]
    return problems + row_problems([*rows, *({"components": [button]} for button in beside)])


def row_problems(rows: list[dict[str, Any]]) -> list[str]:
    """What is wrong with buttons and menus."""
    problems = []
    items = [item for row in rows for item in row["components"]]
    ids = [item["custom_id"] for item in items if "custom_id" in item]
    if len(set(ids)) != len(ids) or not all(1 <= units(one) <= 100 for one in ids):
        problems.append("components: a custom_id twice, or too long")
    if not all(1 <= units(item["label"]) <= 80 for item in items if item["type"] == BUTTON):
        problems.append("components: a button without a label, or with one that is too long")
    if any(not 1 <= len(row["components"]) <= (5 if row["components"][0]["type"] == BUTTON else 1) for row in rows):
        problems.append("components: a row with nothing or too much in it")
    return problems


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All components, those inside of others included."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        if accessory := component.get("accessory"):
            yield accessory


def units(text: str) -> int:
    """UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def processed(texts: list[str]) -> int:
    """What texts come to: https://github.com/discord/discord-api-docs/issues/8554."""
    return sum(len(text.encode()) + 12 for text in texts)
