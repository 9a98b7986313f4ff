"""Topics by example in commands: where the examples come from, *More like this*, and what another example changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.channels.channel import Channel
from bot.commands.papers.searching import PAPER, known_paper
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.topics.forecasting import samples, volume
from bot.commands.topics.wording import topic_named
from bot.commands.wording import answer, hint, say
from bot.digests.cards import title_of
from bot.errors import UserError
from bot.forecasts.refinement import with_example
from bot.messages.message import Block, Button, Buttons, Items, Span, bold, code, text
from bot.papers.ids import paper_id_of, parse_paper_id
from bot.papers.paper import Paper
from bot.papers.references import Reference, is_bibliography, references_in
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.permissions import may_manage
from bot.query.by_example import LIKE, SHARE_SIGN
from bot.query.errors import QueryError
from bot.query.parser import LONGEST_QUERY, MOST_TERMS, parse
from bot.query.queries import Query
from bot.query.syntax import And, Like, TextField, Word
from bot.reading.votes import CastVote
from bot.text.counting import count_of
from bot.text.shortening import shorten
from bot.text.words import words
from bot.topics.subscription import Subscription

SAVED: Final = "saved"
LIKED: Final = frozenset({"liked", "👍", ":+1:", ":thumbsup:", "+1"})
MOST_NAMED: Final = 3  # papers that are won or lost by an example
MOST_EXTENDED: Final = 3  # topics that a paper is offered to
_BY_EXAMPLE = re.compile(r"like\s+(?P<rest>\S.*)|like\s*", re.IGNORECASE | re.DOTALL)
_LONGEST_SHOWN: Final = 80
_TITLE_WORDS: Final = 12  # of a title, that a paper is looked up by


async def query_written(services: Services, call: CommandCall, asked: str) -> tuple[str, list[Block]]:
    """The query that `like …` stands for, and what is to be said about its examples; any other is what it was.

    Examples are links, ids, a bibliography, `saved` (the person's list) or `liked` (what has a 👍 in the channel). What
    else stands there is a part of the query. A file that came with the command is such a bibliography: without a word.
    """
    found = _BY_EXAMPLE.fullmatch(asked.strip())
    if found is None and call.attachment:
        found = _BY_EXAMPLE.fullmatch(f"{LIKE} {asked}".strip())
    if found is None:
        return asked, []
    rest = found["rest"] or ""
    said: list[Block] = []
    if call.attachment or is_bibliography(rest):
        papers, said = await _named(services, references_in(call.attachment or rest))
        others = rest.split() if call.attachment else []
    else:
        given = rest.split()
        others = [word for word in given if word.lower() not in {SAVED, *LIKED} and not paper_id_of(word)]
        chosen = {word.lower() for word in given}
        if chosen & LIKED:
            papers = await _liked(services, await services.known_channel(call))
        elif SAVED in chosen:
            saved = await services.reading.saved(call.reader, limit=MOST_TERMS)
            papers = [entry.paper.id for entry in saved]
        else:
            papers = [one.paper_id for one in references_in(rest) if one.paper_id]
        if not papers and others and not chosen & {SAVED, *LIKED}:
            return asked, []  # words that begin with “like”
        if not papers:
            raise UserError(_nothing_named(chosen))
    if not papers:
        raise UserError("None of these references is a paper that I know by its id, its link or its title.")
    query, taken = _fitting(papers, others)
    if taken < len(papers):
        said.append(
            hint(
                f"Its examples are the first {taken} of {len(papers)}: a query has at most {LONGEST_QUERY} characters "
                f"and {MOST_TERMS} words."
            )
        )
    return query, said


def _nothing_named(chosen: set[str]) -> str:
    if chosen & LIKED:
        return "Nothing has a 👍 in this channel yet. A card's button gives one."
    if SAVED in chosen:
        return "Your reading list is empty. `/papers save 2604.13035` or a card's button fills it."
    return (
        "Name papers that it should be like: ids or links, `saved` for your list, `liked` for what has a 👍 here, or "
        "paste BibTeX or RIS. For example: `/papers subscribe like 2604.13035`."
    )


def _fitting(papers: Sequence[str], others: Sequence[str]) -> tuple[str, int]:
    """A query for papers like as many of these as fit into one, and how many these are."""
    share = next((word for word in others if word.startswith(SHARE_SIGN)), "")
    rest = " ".join(word for word in others if word != share)
    for taken in range(min(len(papers), MOST_TERMS), 0, -1):
        query = f"{LIKE}:({' '.join(papers[:taken])}){share} {rest}".strip()
        try:
            return parse(query).text, taken
        except QueryError:
            if taken == 1:
                raise
    raise UserError(_nothing_named(set()))


async def _named(services: Services, references: Sequence[Reference]) -> tuple[list[str], list[Block]]:
    """The papers that references name, and a block on those that are not known; by title where there is no id."""
    papers: list[str] = []
    unknown: list[str] = []
    for reference in references:
        paper_id = reference.paper_id
        if paper_id is None and len(unknown) < MOST_TERMS:
            paper_id = await _titled(services, reference.title)
        if paper_id is None:
            unknown.append(reference.title)
        elif paper_id not in papers:
            papers.append(paper_id)
    if not unknown:
        return papers, []
    named = ", ".join(f"“{shorten(title, _LONGEST_SHOWN)}”" for title in unknown[:MOST_NAMED])
    return papers, [
        hint(f"{count_of(len(unknown), 'reference')} left out, with no id and no title that I know: {named}.")
    ]


async def _titled(services: Services, title: str) -> str | None:
    """The paper with just that title."""
    wanted = words(title)
    if not wanted:
        return None
    terms = tuple(dict.fromkeys(Word(word, TextField.TITLE) for word in wanted[:_TITLE_WORDS]))
    found = await services.index.search(Query.of(And(terms) if len(terms) > 1 else terms[0]), limit=MOST_NAMED)
    papers = await services.papers.papers([hit.paper_id for hit in found.hits])
    return next((paper.id for paper in papers.values() if words(paper.title) == wanted), None)


async def _liked(services: Services, channel: Channel | None) -> list[str]:
    """The papers that have more 👍 than 👎 in the channel, those first that were liked last."""
    if channel is None:
        return []
    votes: dict[str, list[CastVote]] = {}
    for vote in (await services.reading.cast_votes([channel.id])).get(channel.id, []):
        votes.setdefault(vote.paper_id, []).append(vote)
    liked = {
        paper_id: max(vote.at for vote in cast)
        for paper_id, cast in votes.items()
        if sum(1 if vote.up else -1 for vote in cast) > 0
    }
    return sorted(liked, key=lambda paper_id: (liked[paper_id], paper_id), reverse=True)


async def more_like(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """What a topic like this paper would bring, new or as a further example of one that there is."""
    paper = await known_paper(services, parse_paper_id(arguments.text("paper")))
    channel = await services.channel(call)
    if "topic" in arguments:
        return await _extended(services, channel, paper, await topic_named(services, channel, arguments.text("topic")))
    query = await services.examples.decided(parse(f"{LIKE}:{paper.id}"), sources=channel.settings.sources)
    blocks: list[Block] = [
        say("A topic like ", bold(title_of(paper)), ":"),
        *await volume(services, query, await services.sources_of(channel)),
        *await samples(services, query, channel),
    ]
    if not await may_manage(call, services.channels):
        blocks.append(hint("Who manages this channel may add it: ", code(f"/papers subscribe {query.text}"), "."))
        return answer(*blocks)
    topics = await services.subscriptions.of_channel(channel.id)
    buttons = [Button("Add this topic", f"subscribe {query.text}")]
    buttons += [
        Button(f"Add to “{shorten(topic.title, 40)}”", f"more-like {paper.id} --topic {topic.number}")
        for topic in [one for one in topics if _example_terms(one, paper)][:MOST_EXTENDED]
    ]
    return answer(*blocks, Buttons(tuple(buttons)))


def _example_terms(topic: Subscription, paper: Paper) -> list[Like]:
    """The terms by example of a topic that the paper may be added to: there is one, and it does not have it yet."""
    try:
        terms = [term for term in topic.asked.by_example() if isinstance(term, Like)]
    except QueryError:
        return []  # stored by a version that understood more
    return terms if len(terms) == 1 and paper.id not in terms[0].papers else []


async def _extended(services: Services, channel: Channel, paper: Paper, topic: Subscription) -> Reply:
    """Shows what a further example would change; the button changes it."""
    terms = _example_terms(topic, paper)
    if not terms:
        raise UserError(
            f"{title_of(paper)} cannot be added to topic {topic.number}: that is not one by example, or has it."
        )
    query = with_example(parse(topic.query), paper.id)
    query = await services.examples.decided(query, sources=channel.settings.sources)
    blocks: list[Block] = [
        say("With ", bold(title_of(paper)), f" as a further example of topic {topic.number}:"),
        *await volume(services, query, await services.sources_of(channel)),
        *await gains_and_losses(services, topic.asked, query),
        Buttons((Button(f"Change topic {topic.number}", f"edit {topic.number} {query.text}"),)),
    ]
    return answer(*blocks)


async def gains_and_losses(services: Services, before: Query, after: Query) -> list[Block]:
    """Which papers of the last days the one query finds and the other does not."""
    changes = await services.forecasts.changes(before, after, MOST_NAMED)
    if changes is None:
        return []
    lines = [
        text(f"{sign} ", Span(shorten(title_of(paper), _LONGEST_SHOWN), italic=True))
        for sign, papers in (("+", changes.won), ("−", changes.missed))
        for paper in papers
    ]
    heading = say(
        f"Of the last {count_of(changes.days, 'day')} it gains {count_of(changes.gained, 'paper')} "
        f"and loses {changes.lost}."
    )
    return [heading, *([Items(tuple(lines))] if lines else [])]


BUTTONS = (
    Command(
        name="more-like",
        summary="what a topic like a paper would bring",
        handler=more_like,
        parameters=(
            PAPER,
            Parameter(name="topic", help="a topic that gets it as a further example", kind=Kind.TOPIC, option=True),
        ),
        hidden=True,
        asks_elsewhere=True,
    ),
)
