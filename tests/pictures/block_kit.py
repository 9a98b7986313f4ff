"""Slack's blocks as HTML: https://docs.slack.dev/reference/block-kit. Whatever is not known here is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.pictures.hypertext import Html, UnknownKindError, div, joined, lines, span, tag
from tests.pictures.markdown import Reader, markdown
from tests.pictures.mrkdwn import date_text, mrkdwn

Json = Mapping[str, Any]


class BlockKit:
    """Draws the blocks of one workspace. `names` are those of people and channels by their ids."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def blocks(self, blocks: Sequence[Json]) -> Html:
        return joined(map(self._block, blocks))

    def text_of(self, message: Json) -> Html:
        """A message's `text`, which is seen where there are no blocks, and in notifications."""
        text = str(message.get("text", ""))
        return mrkdwn(text, self._names) if message.get("mrkdwn", True) else mrkdwn(_inert(text), self._names)

    def _block(self, block: Json) -> Html:
        match block["type"]:
            case "header":
                return div("header", self._text(block["text"]))
            case "section":
                return self._section(block)
            case "context":
                return div("context", *map(self._small, block["elements"]))
            case "actions":
                return div("actions", *map(self._element, block["elements"]))
            case "context_actions":
                return div("context-actions", *map(self._element, block["elements"]))
            case "divider":
                return tag("hr")
            case "image":
                title = div("image-title", self._text(block["title"])) if "title" in block else Html()
                return div("image", title, _image(block, "picture"))
            case "rich_text":
                return div("rich", *map(self._rich_part, block["elements"]))
            case "markdown":
                return div("rich", markdown(str(block["text"]), Reader()))
            case "table":
                return self._table(block)
            case "card":
                return self._card(block)
            case "carousel":
                return div("carousel", *map(self._card, block["elements"]))
        raise UnknownKindError("block", block["type"])

    def _section(self, block: Json) -> Html:
        fields = [div("field", self._text(one)) for one in block.get("fields", ())]
        words = [div("words", self._text(block["text"]))] if "text" in block else []
        said = div("said", *words, *([div("fields", *fields)] if fields else []))
        return div("section", said, *([div("accessory", self._element(block["accessory"]))] * ("accessory" in block)))

    def _card(self, card: Json) -> Html:
        if card["type"] != "card":
            raise UnknownKindError("entry of a carousel", card["type"])
        hero = [div("hero", _image(card["hero_image"], "picture"))] if "hero_image" in card else []
        icon = [_image(card["icon"], "icon")] if "icon" in card else []
        titles = [div(name, self._text(card[name])) for name in ("title", "subtitle") if name in card]
        head = [div("card-head", *icon, div("", *titles))] if icon or titles else []
        body = [div("card-body", self._text(card["body"]))] if "body" in card else []
        below = [div("card-actions", *map(self._element, card["actions"]))] if "actions" in card else []
        return div("card", *hero, *head, *body, *below)

    def _table(self, table: Json) -> Html:
        settings = table.get("column_settings") or []
        aligned = [(one or {}).get("align", "") for one in settings]

        def cell(number: int, one: Json) -> Html:
            match one["type"]:
                case "raw_text" | "raw_number":
                    said = lines(str(one.get("text", one.get("value", ""))))
                case "rich_text":
                    said = joined(map(self._rich_part, one["elements"]))
                case kind:
                    raise UnknownKindError("cell", kind)
            return tag("td", said, classes=aligned[number] if number < len(aligned) else "")

        rows = [tag("tr", *(cell(number, one) for number, one in enumerate(row))) for row in table["rows"]]
        return tag("table", *rows)

    # ---- elements

    def _element(self, element: Json) -> Html:
        match element["type"]:
            case "button":
                style = element.get("style", "")
                return span(f"button {style}", self._text(element["text"]))
            case "overflow":
                return span("button overflow", "⋯")
            case "image":
                return _image(element, "thumbnail")
            case "feedback_buttons":
                # Slack draws thumbs of its own; the buttons' texts are what one reads when pointing at them.
                return joined(
                    span(f"icon-button {side}", Html(_THUMB), title=element[f"{side}_button"]["text"]["text"])
                    for side in ("positive", "negative")
                )
            case "icon_button":
                return span("icon-button", f"[{element['icon']}]", title=element["text"]["text"])
            case "static_select" | "external_select" | "channels_select" | "users_select" | "conversations_select":
                chosen = element.get("initial_option")
                return span("button select", self._text(chosen["text"] if chosen else element["placeholder"]), " ⌄")
            case "datepicker" | "timepicker":
                return span("button select", str(element.get("initial_date") or element.get("initial_time") or "…"))
        raise UnknownKindError("element", element["type"])

    def _small(self, element: Json) -> Html:
        if element["type"] == "image":
            return _image(element, "tiny")
        return span("", self._text(element))

    def _text(self, text: Json) -> Html:
        match text["type"]:
            case "plain_text":
                return lines(str(text["text"]))
            case "mrkdwn":
                return mrkdwn(str(text["text"]), self._names)
        raise UnknownKindError("text", text["type"])

    # ---- rich text

    def _rich_part(self, part: Json) -> Html:
        inside = part["elements"]
        match part["type"]:
            case "rich_text_section":
                return div("rich-section", *map(self._run, inside))
            case "rich_text_preformatted":
                return tag("pre", *map(self._run, inside))
            case "rich_text_quote":
                return tag("blockquote", *map(self._run, inside))
            case "rich_text_list":
                name = "ol" if part["style"] == "ordered" else "ul"
                items = [tag("li", *map(self._run, item["elements"])) for item in inside]
                return tag(name, *items, classes=f"indent{part.get('indent', 0)}")
        raise UnknownKindError("part of rich text", part["type"])

    def _run(self, run: Json) -> Html:
        match run["type"]:
            case "text":
                said = lines(str(run["text"]))
            case "link":
                said = tag("a", lines(str(run.get("text") or run["url"])), href=run["url"])
            case "user":
                said = span("mention", "@" + self._names.get(run["user_id"], run["user_id"]))
            case "usergroup":
                said = span("mention", "@" + self._names.get(run["usergroup_id"], run["usergroup_id"]))
            case "channel":
                said = span("mention", "#" + self._names.get(run["channel_id"], run["channel_id"]))
            case "broadcast":
                said = span("mention loud", "@" + run["range"])
            case "date":
                said = span("", date_text(int(run["timestamp"]), str(run["format"])))
            case "emoji":
                said = span("", "".join(chr(int(point, 16)) for point in run["unicode"].split("-")))
            case kind:
                raise UnknownKindError("run of rich text", kind)
        for name in sorted(run.get("style", ())):
            said = tag({"bold": "b", "italic": "i", "code": "code", "strike": "s"}[name], said)
        return said


_THUMB = (
    '<svg viewBox="0 0 20 20" width="16" height="16"><path d="M7 9l3-6.5c1.3 0 2 .8 2 2V8h4.2c.9 0 1.5.8 1.3 1.7l-1.3 '
    '6c-.2.7-.7 1.3-1.5 1.3H7zM7 9H3.5v8H7" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
)


def _image(image: Json, classes: str) -> Html:
    return tag("img", src=str(image["image_url"]), alt=str(image["alt_text"]), classes=classes)


def _inert(text: str) -> str:
    """Text that Slack shows as it is, though escaped."""
    return text.replace("*", "∗").replace("_", "ˍ").replace("~", "∼").replace("`", "ˋ")
