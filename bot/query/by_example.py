"""Terms by example and by meaning, and the share that they may end with: `like:(ID ID)~3/day`, `about:"words"`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.query.syntax import USUAL_SHARE, About, Like
from bot.query.values import Value, paper_id_in, words_of

LIKE: Final = "like"
ABOUT: Final = "about"
#: What stands between a term by example and how many papers it is to bring.
SHARE_SIGN: Final = "~"
_SHARE = re.compile(r"~\s*(\d{1,4})(?:\s*/\s*(d|day|w|week))?", re.ASCII | re.IGNORECASE)
_LARGEST_SHARE = 500  # papers a day


def with_share(value: Value) -> tuple[Value, Value | None]:
    """The value without the share that it ends with, and the share: `2604.13035~3/day` is both."""
    named, sign, share = value.text.partition(SHARE_SIGN)
    if value.quoted or not sign:
        return value, None
    at = value.position + len(named)
    return (
        replace(value, text=named, length=len(named)),
        replace(value, text=sign + share, position=at, length=len(sign + share)),
    )


def share_of(value: Value | None) -> int:
    """How many papers a week are asked for."""
    if value is None:
        return USUAL_SHARE
    found = _SHARE.fullmatch(value.plain)
    weekly = int(found[1]) * (1 if (found[2] or "d").lower().startswith("w") else 7) if found else 0
    if not 0 < weekly <= 7 * _LARGEST_SHARE:
        raise value.error(
            f"{value.shown} does not say how many papers it should be.",
            f"Write about how many a day or a week, up to {_LARGEST_SHARE} a day, like `~3/day` or `~2/week`.",
        )
    return weekly


def examples(values: Sequence[Value], share: Value | None = None) -> Like:
    """What looks for papers like those that are named."""
    papers: dict[str, None] = {}
    for value in values:
        paper_id = paper_id_in(value)
        if paper_id is None:
            raise value.error(
                f"{value.shown} is not a paper.",
                f"`{LIKE}:` takes arXiv ids or links, like `{LIKE}:2604.13035` or "
                f"`{LIKE}:(2604.13035 2604.01234)~3/day`.",
            )
        papers[paper_id] = None
    return Like(tuple(papers), share_of(share))


def about(values: Sequence[Value], share: Value | None = None) -> About:
    """What looks for papers about the meaning of plain words."""
    for value in values:
        words_of(value)
    return About(" ".join(" ".join(value.text for value in values).split()), share_of(share))


def about_value(value: Value) -> About:
    named, share = with_share(value)
    return about([named], share)


def like_value(value: Value) -> Like:
    named, share = with_share(value)
    return examples([named], share)
