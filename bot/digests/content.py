"""What a post says: a part of a digest, one paper of it, one that somebody shared, who changed what, or a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.ranking.order import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPart:
    """One message of a digest: these papers of it, the first one of which is the digest's number `first` (from 1).

    `apart` says that the channel takes papers one by one: a card that stands for itself, without the digest's header.
    `abstracts` are shown if the channel wanted them when the papers were put into messages: so many fit then, and a
    setting that is changed before they are sent is for the next digest. `reasons` say why each paper was chosen, in the
    order of the papers.
    """

    paper_ids: tuple[str, ...]
    first: int
    part: int
    parts: int
    apart: bool = False
    abstracts: bool = False
    reasons: tuple[Reason | None, ...] = ()
    type: Literal["digest"] = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReply:
    """One paper in the thread below a part of a digest."""

    paper_id: str
    part: int = 1
    reason: Reason | None = None
    type: Literal["paper"] = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPaper:
    """A paper that a person showed to the channel."""

    paper_id: str
    shared_by: str
    type: Literal["shared"] = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNotice:
    """A line for the channel: who changed what."""

    words: str
    type: Literal["change"] = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailQuestion:
    """Whether an address wants the mails that somebody added it for."""

    type: Literal["question"] = "question"


PostContent = Annotated[
    DigestPart | PaperReply | SharedPaper | ChangeNotice | MailQuestion, Field(discriminator="type")
]


#: Reads and writes what a post says as JSON.
POST_CONTENT_JSON: TypeAdapter[PostContent] = TypeAdapter(PostContent)
