"""Whole pages: a message in its channel, as it is seen on a desktop or a phone, and as a notification says it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.pictures.block_kit import BlockKit
from tests.pictures.components import DiscordMessages
from tests.pictures.hypertext import Html, div, joined, span, tag
from tests.pictures.markdown import Reader
from tests.pictures.mrkdwn import ZONE
from tests.pictures.scenes import Scene

Json = Mapping[str, Any]

_CSS = Path(__file__).with_name("clients.css").read_text()
_V2 = 1 << 15
_NAME = "Paper Round"
#: Characters of a notification on a locked phone.
_NOTIFIED = 180


def slack_page(scene: Scene, *, phone: bool, dark: bool, names: Mapping[str, str]) -> str:
    """`names` are those of people and channels by their ids."""
    kit = BlockKit(names)
    rows = []
    for message in scene.messages:
        blocks = message.get("blocks") or ()
        shown = kit.blocks(blocks) if blocks else div("rich", kit.text_of(message))
        rows.append(_row(_at(message.get("ts")), shown, asked=_asked(scene, "Only visible to you")))
    said = "" if scene.asked else re.sub(r"<[^<>]+\|([^<>]+)>", r"\1", str(scene.messages[0].get("text", "")))
    return _page("slack", _notification(said, phone), joined(rows), phone=phone, dark=dark)


def discord_page(scene: Scene, *, phone: bool, dark: bool, reader: Reader) -> str:
    drawn = DiscordMessages(reader)
    rows = []
    for message in scene.messages:
        only_you = div("only-you", "👁 Only you can see this · ", tag("a", "Dismiss message"))
        shown = joined([drawn.message(message), *([only_you] * bool(scene.asked))])
        at = datetime.fromisoformat(str(message["timestamp"]))
        rows.append(_row(at, shown, asked=_asked(scene, "ada used")))
    said = "" if scene.asked else _spoken(scene.messages[0])
    return _page("discord", _notification(said, phone), joined(rows), phone=phone, dark=dark)


def _asked(scene: Scene, words: str) -> Html:
    return div("asker", f"{words} · /papers {scene.asked}") if scene.asked else Html()


def _row(at: datetime | None, shown: Html, *, asked: Html) -> Html:
    here = at.astimezone(ZONE) if at else None
    time = span("at", f"{here:%H:%M}") if here else Html()
    who = div("who", tag("b", _NAME), span("app", "APP"), time)
    return joined([asked, div("message", div("avatar", "PR"), div("body", who, shown))])


def _notification(said: str, phone: bool) -> Html:
    if not (phone and said):
        return Html()
    return div("notification", tag("b", f"{_NAME} · #papers"), said[:_NOTIFIED] + "…" * (len(said) > _NOTIFIED))


def _page(app: str, notification: Html, rows: Html, *, phone: bool, dark: bool) -> str:
    body = div(f"page {'phone' if phone else 'desktop'} {app} {'phone-app' if phone else ''}", notification, rows)
    css = tag("style", Html(_CSS))
    theme = "dark" if dark else "light"
    return f'<!doctype html><html class="{theme}"><head><meta charset="utf-8">{css}</head><body>{body}</body></html>'


def _at(ts: object) -> datetime | None:
    return datetime.fromtimestamp(float(str(ts)), UTC) if ts else None


def _spoken(message: Json) -> str:
    """What a notification says: the content, else the first words of what is shown."""
    if content := str(message.get("content") or ""):
        return content
    if int(message.get("flags") or 0) & _V2:
        return re.sub(r"[*#]|\]\([^)]*\)|\[|-# |\\", "", _first_text(message["components"]))
    return str((message["embeds"] or [{"title": ""}])[0].get("title", ""))


def _first_text(components: Sequence[Json]) -> str:
    for component in components:
        words = str(component.get("content") or "") or _first_text(component.get("components") or ())
        if words:
            return words
    return ""
