"""Making HTML. Everything that is shown goes through Jinja's escaping."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from adapters.web.addresses import paper_path, path_segment, thumbnail_path
from adapters.web.messages.marks import NO_MARKS
from adapters.web.messages.timeline import ChannelView, MessageView, Thread
from adapters.web.pages.channels.panel import Panel
from adapters.web.pages.shell import PLATFORMS, ChannelList, Shell
from bot.channels.channel import PlatformName
from bot.messages.message import Button, Buttons, Document, Heading, Message, PaperBlock, Paragraph, text
from bot.query.marking import marks_of
from bot.text.counting import count_of
from bot.text.shortening import shorten

HERE = Path(__file__).parent.parent
STATIC = HERE / "static"

_NOTHING_YET = Message(
    summary="Nothing was posted here yet.",
    blocks=(
        Heading("Nothing was posted here yet"),
        Paragraph(text("Papers arrive here as the topics of this channel find them. A topic is a saved search.")),
        Buttons((Button("What can I ask?", "help"), Button("Today’s papers", "today"))),
    ),
)


@dataclass(frozen=True, slots=True)
class OpenPanel:
    """A panel with what stands in it."""

    panel: Panel
    content: Markup


class Pages:
    """The pages and fragments of the workspace. `banner` is a sentence above everything; empty for none."""

    def __init__(self, *, banner: str) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "shorten": shorten,
            "count_of": count_of,
            "segment": path_segment,
            "coded": coded,
            "capital": lambda sentence: sentence[:1].upper() + sentence[1:],
            "in_utc": in_utc,
            "painted": painted,
            "without_day": without_day,
        }
        self._templates.globals |= {
            "asset": {path.name: _versioned(path) for path in STATIC.iterdir()},
            "banner": banner,
            "actions_of": actions_of,
            "data_url": data_url,
            "host_of": host_of,
            "link": web_link,
            "no_marks": NO_MARKS,
            "nothing_yet": _NOTHING_YET,
            "paper_path": paper_path,
            "thumbnail_path": thumbnail_path,
        }

    def page(self, template: str, shell: Shell, **content: object) -> str:
        """A whole page: a template that extends `shell.html`, with what it shows."""
        return self._templates.get_template(template).render(shell=shell, **content)

    def fragment(self, template: str, **content: object) -> Markup:
        """A piece of a page, as HTML that is safe to show."""
        return Markup(self._templates.get_template(template).render(**content))  # noqa: S704 - templates escape

    def channel(
        self,
        shell: Shell,
        *,
        threads: Sequence[Thread],
        earlier: int | None,
        last_id: int,
        answer: MessageView | None = None,
        error: str = "",
        panels: Sequence[Panel] = (),
        panel: OpenPanel | None = None,
        read_only: str = "",
    ) -> str:
        """The page of the current channel; of an empty workspace when there is none. `answer` stands at its end.

        `panels` may be opened beside it, and `panel` is. `read_only` says why nobody may change the channel here.
        """
        return self.page(
            "channel.html",
            shell,
            current=shell.current,
            threads=threads,
            earlier=earlier,
            last_id=last_id,
            answer=answer,
            error=error,
            panels=panels,
            panel=panel,
            read_only=read_only,
            elsewhere=_elsewhere(shell.current),
        )

    def panel(self, current: ChannelView, panels: Sequence[Panel], panel: OpenPanel) -> str:
        """The panel of a channel, as a fragment."""
        return self._templates.get_template("panel.html").render(current=current, panels=panels, panel=panel)

    def channels(self, channels: ChannelList) -> str:
        return self._templates.get_template("channels.html").render(channels=channels)

    def threads(self, channel: str, threads: Sequence[Thread]) -> str:
        return self._templates.get_template("threads.html").render(channel=channel, threads=threads)

    def message(self, channel: str, view: MessageView, *, is_reply: bool = False) -> str:
        return self._templates.get_template("one_message.html").render(channel=channel, view=view, is_reply=is_reply)

    def alone(self, template: str, **content: object) -> str:
        """A page without the shell, for who has not logged in."""
        return self._templates.get_template(template).render(**content)

    def problem(self, *, title: str, sentence: str) -> str:
        return self._templates.get_template("problem.html").render(title=title, sentence=sentence)


def _elsewhere(current: ChannelView | None) -> str:
    """The platform of a channel that is not the web's own."""
    return PLATFORMS[current.platform] if current and current.platform is not PlatformName.WEB else ""


def coded(sentence: str) -> Markup:
    """A sentence with what stands between backticks as code."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:
        return escape(sentence)
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if number % 2 else part for number, part in enumerate(parts))


@lru_cache(4096)
def web_link(url: str) -> str:
    """The address when it is one of the web, else nothing: a `javascript:` or `data:` address never becomes a link."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    plain = not any(character.isspace() or not character.isprintable() for character in url)
    return url if plain and parts.scheme in ("http", "https") and parts.hostname else ""


@lru_cache(4096)
def host_of(url: str) -> str:
    """The host that a link leads to, as people write it."""
    return (urlsplit(web_link(url)).hostname or "").removeprefix("www.")


@dataclass(frozen=True, slots=True)
class Actions:
    """The buttons of a paper that run a command."""

    menu: Sequence[Button]
    buttons: Sequence[Button]


def actions_of(paper: PaperBlock) -> Actions:
    """The buttons of a paper, without those for which pages have something of their own: marks, links, the abstract."""
    own = ("save ", "unsave ", "vote ", "show ", "abstract ", "similar ")
    return Actions(*([one for one in some if not one.line.startswith(own)] for some in (paper.menu, paper.buttons)))


def data_url(document: Document) -> str:
    """An address that is the document itself, to be saved as a file. RFC 2397."""
    return f"data:{document.media_type};charset=utf-8,{quote(document.text, safe='')}"


def painted(query: str) -> Markup:
    """A query with its parts marked as what they are, for the same colours that the editor gives them."""
    pieces, at = [], 0
    for mark in marks_of(query):
        excluded = " q-not" if mark.excluded else ""
        pieces.append(escape(query[at : mark.start]))
        piece = Markup('<span class="q-{}{}">{}</span>')
        pieces.append(piece.format(mark.kind.value, excluded, query[mark.start : mark.end]))
        at = mark.end
    return Markup("").join([*pieces, escape(query[at:])])


def in_utc(moment: datetime) -> str:
    """`2026-04-30 07:00 UTC`: what stands behind a time of the reader's own zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def without_day(heading: str, day: str) -> str:
    """A heading such as `3 new papers · Thursday, 30 April 2026` without the day, where that is said above it."""
    return heading.removesuffix(f" · {day}") if day else heading


def _versioned(path: Path) -> str:
    """The address of a static file, which changes with its content: browsers may keep it for ever."""
    return f"/static/{path.name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
