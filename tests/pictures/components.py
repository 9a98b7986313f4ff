"""Discord's messages as HTML: content, embeds, rows of buttons and menus, and Components V2.

https://docs.discord.com/developers/components/reference. Whatever is not known here is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.pictures.hypertext import Html, UnknownKindError, div, joined, span, tag
from tests.pictures.markdown import Reader, inline, markdown

Json = Mapping[str, Any]

_BUTTONS = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium"}


class DiscordMessages:
    """Draws messages for one reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def message(self, message: Json) -> Html:
        """All of a message below the name of who wrote it."""
        content = str(message.get("content") or "")
        return joined(
            [
                div("content", markdown(content, self._reader)) if content else Html(),
                *map(self._embed, message.get("embeds") or ()),
                *(div("file", span("file-icon", "📄"), str(one["filename"])) for one in message["attachments"]),
                *map(self._component, message.get("components") or ()),
            ]
        )

    def _embed(self, embed: Json) -> Html:
        known = {"type", "title", "url", "description", "color", "fields", "footer", "thumbnail", "image", "author"}
        if unknown := set(embed) - known - {"timestamp", "flags"}:
            raise UnknownKindError("part of an embed", ", ".join(sorted(unknown)))
        parts: list[Html] = []
        if author := embed.get("author"):
            parts.append(div("embed-author", str(author["name"])))
        if title := embed.get("title"):
            said = inline(str(title), self._reader)
            parts.append(div("embed-title", tag("a", said, href=str(embed["url"])) if "url" in embed else said))
        if description := embed.get("description"):
            parts.append(div("embed-description", markdown(str(description), self._reader)))
        if fields := embed.get("fields"):
            parts.append(div("embed-fields", *map(self._field, fields)))
        if image := embed.get("image"):
            parts.append(tag("img", src=str(image["url"]), classes="embed-image"))
        if footer := embed.get("footer"):
            parts.append(div("embed-footer", str(footer["text"])))
        side = [tag("img", src=str(embed["thumbnail"]["url"]), classes="thumbnail")] if "thumbnail" in embed else []
        colour = _colour(embed.get("color"))
        return div("embed", div("embed-words", *parts), *side, style=f"border-left-color:{colour}")

    def _field(self, field: Json) -> Html:
        return div(
            "embed-field inline" if field.get("inline") else "embed-field",
            div("embed-field-name", inline(str(field["name"]), self._reader)),
            div("", markdown(str(field["value"]), self._reader)),
        )

    def _component(self, component: Json) -> Html:
        inside = component.get("components") or ()
        match component["type"]:
            case 1:
                return div("row", *map(self._component, inside))
            case 2:
                return _button(component)
            case 3 | 5 | 6 | 7 | 8:
                return div("menu", str(component.get("placeholder") or "Make a selection"), span("", "⌄"))
            case 9:
                said = div("section-words", *map(self._component, inside))
                return div("v2-section", said, div("v2-accessory", self._component(component["accessory"])))
            case 10:
                return div("text-display", markdown(str(component["content"]), self._reader))
            case 11:
                return tag(
                    "img", src=_media(component), alt=str(component.get("description") or ""), classes="thumbnail"
                )
            case 12:
                return div("gallery", *(tag("img", src=_media(one)) for one in component["items"]))
            case 13:
                return div("file", span("file-icon", "📄"), str(component["file"]["url"]).removeprefix("attachment://"))
            case 14:
                ruled = "ruled" if component.get("divider", True) else ""
                return div(f"separator {ruled} {'large' if component.get('spacing') == 2 else ''}")
            case 17:
                style = f"border-left-color:{_colour(component.get('accent_color'))}"
                return div("container", *map(self._component, inside), style=style)
        raise UnknownKindError("component", component["type"])


def _button(button: Json) -> Html:
    emoji = button.get("emoji") or {}
    words = " ".join(str(part) for part in (emoji.get("name"), button.get("label")) if part)
    style = _BUTTONS[button["style"]]
    disabled = "disabled" if button.get("disabled") else ""
    return span(f"button {style} {disabled}", words, span("away", "↗") if style == "link" else Html())


def _media(component: Json) -> str:
    return str(component["media"]["url"])


def _colour(number: int | None) -> str:
    return "var(--line)" if number is None else f"#{number:06x}"
