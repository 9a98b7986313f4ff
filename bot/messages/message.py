"""The neutral message: what the core says, before a platform makes its own payload of it.

All text in a message is plain text. Platforms escape every string they render, so that nothing a feed says can ping,
format or link. The only thing that may ever ping is `Message.mention`, which a person who manages the channel chose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style. `url` (http or https) makes it a link.

    `at` is an aware time that the text says: platforms that can show each reader a time in their own zone do that
    instead. The text is for all others, and names the zone.
    """

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    url: str = ""
    at: datetime | None = None


class ButtonStyle(StrEnum):
    DEFAULT = "default"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Button:
    """A button. Pressing it runs `line`, a `/papers` command without the `/papers`, as the person who pressed it."""

    label: str
    line: str
    style: ButtonStyle = ButtonStyle.DEFAULT


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True)
class Paragraph:
    spans: tuple[Span, ...]
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Note:
    """Small print: dates, counts, hints."""

    spans: tuple[Span, ...]
    kind: Literal["note"] = "note"


@dataclass(frozen=True, slots=True)
class Code:
    """Monospace lines, for showing the place of a mistake."""

    text: str
    kind: Literal["code"] = "code"


@dataclass(frozen=True, slots=True)
class Document:
    """A text to take away, such as a bibliography: a file where the platform can give one, else shown as it is.

    Where it must be split or cut, that is done at an empty line where there is one.
    """

    name: str
    text: str
    media_type: str = "text/plain"
    kind: Literal["document"] = "document"


@dataclass(frozen=True, slots=True)
class Items:
    """A bulleted list."""

    items: tuple[tuple[Span, ...], ...]
    kind: Literal["items"] = "items"


@dataclass(frozen=True, slots=True)
class Divider:
    kind: Literal["divider"] = "divider"


@dataclass(frozen=True, slots=True)
class Buttons:
    buttons: tuple[Button, ...]
    kind: Literal["buttons"] = "buttons"


@dataclass(frozen=True, slots=True)
class PersonMention:
    """A person who is named, and notified only with `ping`. `id` is the platform's."""

    id: str
    name: str
    ping: bool = False


@dataclass(frozen=True, slots=True)
class Thumbs:
    """A channel's votes on a paper, and the lines that vote: one element where a platform has such."""

    paper_id: str
    up: int = 0
    down: int = 0

    @property
    def up_line(self) -> str:
        return f"vote {self.paper_id} up"

    @property
    def down_line(self) -> str:
        return f"vote {self.paper_id} down"


#: The entries of a card's menu.
LONGEST_MENU = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperBlock:
    """One paper: a card, or with `compact` a line of a list.

    `facts` are short phrases in order of interest ("▲ 112", "9 comments", "Zhejiang University"); `links` the places
    to go; `topics` the names of the topics that matched, when saying so helps; `snippet` a part of the abstract that
    shows why a search found the paper; `reason` says why a digest shows it. A platform that must cut shortens
    `abstract` first, then `snippet`, `reason`, `summary`, then `byline`; never `title`'s beginning and never `url`.
    `people` are those whom it is for, by their own topics; of them only who asked for a ping is ever notified.

    A card in a list has two elements at most beside its title: `thumbs`, and either `menu`, its one menu with
    `LONGEST_MENU` entries at most, or, on platforms where a menu takes too much room, `opens`: the button to the
    paper's card for one person, which has all that the menu has. `buttons` are those of a card that stands for itself.
    """

    paper_id: str
    title: str
    url: str
    summary: str = ""
    snippet: tuple[Span, ...] = ()
    reason: tuple[Span, ...] = ()
    byline: str = ""
    abstract: str = ""
    facts: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    topics: tuple[str, ...] = ()
    thumbnail_url: str = ""
    thumbs: Thumbs | None = None
    menu: tuple[Button, ...] = ()
    opens: Button | None = None
    buttons: tuple[Button, ...] = ()
    compact: bool = False
    people: tuple[PersonMention, ...] = ()
    kind: Literal["paper"] = "paper"

    def __hash__(self) -> int:
        """Of what mostly differs: renderers remember cards, and there is much to them."""
        return hash((self.paper_id, self.compact, self.summary, self.thumbs))


Block = Annotated[
    Heading | Paragraph | Note | Code | Document | Items | Divider | Buttons | PaperBlock, Field(discriminator="kind")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is said at once. `summary` is one line for notifications and screen readers.

    `topics` are the names of the topics that it is about, for platforms that sort or colour messages by them. `first`
    is the number of its first paper where its papers are some of those of several messages, for platforms that number
    papers; 0 where it stands for itself. `thread` is what a thread is called that is opened for it, where threads have
    names.
    """

    summary: str
    blocks: tuple[Block, ...] = ()
    mention: str = ""
    topics: tuple[str, ...] = ()
    first: int = 0
    thread: str = ""

    @property
    def paper_ids(self) -> list[str]:
        """The papers that the message shows, in order."""
        return [block.paper_id for block in self.blocks if isinstance(block, PaperBlock)]


#: Reads and writes a message as JSON.
MESSAGE_JSON: TypeAdapter[Message] = TypeAdapter(Message)


def text(*parts: str | Span) -> tuple[Span, ...]:
    """Spans from a mixture of plain strings and styled spans."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def bold(value: str) -> Span:
    return Span(value, bold=True)


def code(value: str) -> Span:
    return Span(value, code=True)
