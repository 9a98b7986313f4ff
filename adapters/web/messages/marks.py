"""What a reader has done with papers, so that buttons show it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bot.messages.message import PaperBlock
from bot.reading.votes import Tally, Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Whether a reader has saved a paper, how they voted on it, and how the channel did."""

    saved: bool = False
    vote: Vote | None = None
    up: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The marks of many papers by one `reader`, an id; empty for nobody in particular.

    `votes_in` is the key of the channel where votes count; without one nobody can vote.

    The votes of papers that are not `tallied` are those that the message itself says.
    """

    reader: str = ""
    votes_in: str = ""
    saved: Collection[str] = ()
    votes: Mapping[str, Vote] = field(default_factory=dict)
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    tallied: bool = False

    def of(self, paper: PaperBlock) -> Mark:
        thumbs = paper.thumbs
        said = Tally(thumbs.up, thumbs.down) if thumbs and not self.tallied else Tally()
        tally = self.tallies.get(paper.paper_id, said)
        return Mark(
            saved=paper.paper_id in self.saved,
            vote=self.votes.get(paper.paper_id),
            up=tally.up,
            down=tally.down,
        )


NO_MARKS = Marks()
