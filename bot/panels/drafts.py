"""Drafts: what a topic that somebody is writing would bring, and what would make it better."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.channels.channel import Channel
from bot.commands.papers.searching import known_paper
from bot.commands.services import Services
from bot.commands.topics.by_example import query_written
from bot.errors import UserError
from bot.forecasts.forecasting import SAMPLED, Changes, FoundPaper
from bot.forecasts.pacing import Paced, best, narrower, wider
from bot.forecasts.refinement import exclusions_of, with_example, without
from bot.forecasts.volume import BOUNDS, Volume
from bot.meaning.terms import shipped_table
from bot.messages.message import Span
from bot.papers.ids import paper_id_of, parse_paper_id
from bot.papers.paper import Paper
from bot.papers.sources import BUILT_IN, SourceName
from bot.platforms.command_calls import CommandCall
from bot.query.by_example import ABOUT, LIKE
from bot.query.errors import QueryError
from bot.query.explanations import explain
from bot.query.marking import Mistake, mistake_in
from bot.query.models import Models
from bot.query.parser import parse
from bot.query.queries import Query, plain_words, with_words
from bot.query.syntax import About, And, Like
from bot.search.questions import SAID_OF_PAPERS, plain_nodes, without_grammar, without_question
from bot.text.typed import as_typed, in_quotes
from bot.text.words import stemmed
from bot.topics.subscription import wanted_query

SHOWN: Final = 10  # papers
NAMED: Final = 3  # papers that a change wins or loses
FEWEST_WORDS: Final = 2  # for which their meaning is offered
MOST_DROPPED: Final = 8  # words of a sentence of which some may find nothing
EXAMPLES: Final = 3  # papers that others may be like
#: Terms by example whose models are kept for the next letter that is typed.
_MOST_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another way to write a draft: what it is, and the query or the bound that it has then."""

    label: str
    query: str = ""
    min_upvotes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a draft would bring. Of one with a `mistake` nothing else is known but suggestions.

    `meaning` says in words what it finds; `volume` is None where no papers are known at all.
    """

    mistake: Mistake | None = None
    meaning: Sequence[Span] = ()
    volume: Volume | None = None
    found: Sequence[FoundPaper] = ()
    suggestions: Sequence[Suggestion] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of a draft that takes account of a paper: what it is called, the query then, and what changes."""

    label: str
    query: str
    changes: Changes


@dataclass(frozen=True, slots=True)
class Proposals:
    """What may be changed because a paper is `wanted`, or is not."""

    paper: Paper
    wanted: bool
    proposals: Sequence[Proposal] = field(default_factory=tuple)


class Drafts:
    """Looks at drafts. Its methods may raise `StorageError`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._models: OrderedDict[tuple[str, tuple[SourceName, ...]], Models] = OrderedDict()

    async def preview(
        self,
        call: CommandCall,
        written: str,
        min_upvotes: int | None = None,
        *,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Preview:
        """What the draft would bring to the channel of the call. A mistake in it is a part of the answer.

        Once it is not wanted any more, because more was typed, the rest of it is left out.
        """
        services = self._services
        sources, chosen = await self._sources(call)
        linked = () if written.lower().startswith((f"{LIKE} ", "doi:")) else _papers_like(written)
        mistake = None
        try:
            text, _ = await query_written(services, call, written)
            mistake = mistake_in(text, sources=await services.sources.names())
            query = await self._decided(call, parse(text), chosen) if mistake is None else None
        except UserError as error:
            mistake = Mistake(0, len(written), str(error))
            query = None
        if query is None:
            return Preview(mistake=mistake, suggestions=linked)
        wanted = wanted_query(query, min_upvotes)
        volume = await services.forecasts.volume(wanted, sources) if is_wanted() else None
        if not is_wanted():
            return Preview()
        return Preview(
            meaning=explain(wanted),
            volume=volume,
            found=await services.forecasts.found(wanted, SHOWN, chosen),
            suggestions=[*linked, *await self._suggestions(query, wanted, written, volume)],
        )

    async def proposals(
        self, call: CommandCall, written: str, paper: str, *, wanted: bool, min_upvotes: int | None = None
    ) -> Proposals:
        """What of the draft may be changed for a paper that is wanted, or is not.

        Raises `UserError` for a draft with a mistake, and a paper that nobody knows.
        """
        services = self._services
        _, chosen = await self._sources(call)
        text, _ = await query_written(services, call, written)
        query = await self._decided(call, await services.query(text), chosen)
        about = await known_paper(services, parse_paper_id(paper))
        if wanted:
            others = [("Find what is like it, too", with_example(query, about.id))]
        else:
            parts = exclusions_of(about, [query.text])
            others = [(f"Not {one.label}", without(query, parse(one.part))) for one in parts]
        proposals = []
        for label, changed in others:
            other = await self._decided(call, changed, chosen)
            bounded = [wanted_query(one, min_upvotes) for one in (query, other)]
            changes = await services.forecasts.changes(bounded[0], bounded[1], NAMED)
            if changes is not None and other.text != query.text:
                proposals.append(Proposal(label, other.text, changes))
        return Proposals(about, wanted, proposals)

    async def paced(self, call: CommandCall, written: str, per_day: int, min_upvotes: int | None = None) -> list[Paced]:
        """Other ways to write the draft that bring about so many papers a day, those that come nearest first.

        Raises `UserError` for a draft with a mistake.
        """
        services = self._services
        sources, chosen = await self._sources(call)
        text, _ = await query_written(services, call, written)
        query = await self._decided(call, await services.query(text), chosen)
        wanted = wanted_query(query, min_upvotes)
        bounds = sorted({0, min_upvotes or 0, *BOUNDS})
        paces = dict(zip(bounds, (await services.forecasts.per_day(query, sources, bounds))[1:], strict=True))
        now = paces.pop(min_upvotes or 0)
        ways = [
            Paced(f"From {bound} upvotes on" if bound else "Whatever the upvotes", pace, min_upvotes=bound)
            for bound, pace in paces.items()
        ]
        sample = await services.forecasts.latest(wanted, SAMPLED)
        # The words of so many papers take their time.
        share = per_day / max(now, per_day)
        others = await asyncio.to_thread(narrower, query, sample, share) if share < 1 else wider(query)
        others += self._by_likeness(query, sample, per_day)
        for label, other in others:
            try:
                decided = wanted_query(await self._decided(call, other, chosen), min_upvotes)
            except UserError:  # by meaning, as long as nobody has noticed that there is no model
                continue
            (pace,) = await services.forecasts.per_day(decided, sources)
            ways.append(Paced(label, pace, query=other.text))
        return best(ways, now, per_day)

    async def _fewer_words(self, query: Query) -> Query | None:
        """A query of some of its words that finds papers lately, without those that say least; None without such."""
        forecasts, table = self._services.forecasts, shipped_table()
        words = plain_nodes(query)[:MOST_DROPPED]
        known = [node for node in words if any(await forecasts.per_day(Query.of(node), BUILT_IN))]
        kept = sorted(known, key=lambda node: table.rarity(stemmed((node.word,))[0]), reverse=True)
        for count in range(len(kept), 0, -1):
            some = tuple(node for node in words if node in kept[:count])
            fewer = Query.of(And(some) if some[1:] else some[0])
            if fewer.text != query.text and any(await forecasts.per_day(fewer, BUILT_IN)):
                return fewer
        return None

    def _by_likeness(self, query: Query, found: Sequence[Paper], per_day: int) -> list[tuple[str, Query]]:
        """What brings so many papers a day, whatever they are: those like the newest, or with what the words mean."""
        ways = []
        if not query.by_example():
            if len(found) >= EXAMPLES:
                papers = tuple(paper.id for paper in found[:EXAMPLES])
                ways.append((f"Papers like the newest {EXAMPLES}", Query.of(Like(papers, 7 * per_day))))
            if (asked := plain_words(query)) and not self._services.meaning.problem:
                ways.append(("By meaning", Query.of(About(asked, 7 * per_day))))
        return ways

    async def _sources(self, call: CommandCall) -> tuple[Sequence[SourceName], frozenset[SourceName] | None]:
        """The sources of the channel, and those that it chose."""
        channel: Channel | None = await self._services.known_channel(call)
        return await self._services.sources_of(channel), channel.settings.sources if channel else None

    async def _decided(self, call: CommandCall, query: Query, chosen: frozenset[SourceName] | None) -> Query:
        """The query with its terms by example decided, as the channel's topics decide them; once while it is typed."""
        terms = [Query.of(term).text for term in query.by_example()]
        if not terms:
            return query
        of = tuple(sorted(chosen or ()))
        known = await self._services.models_here(call)
        kept = tuple(model for term in terms for model in self._models.get((term, of), ()))
        decided = await self._services.examples.decided(query, sources=chosen, known=(*kept, *known))
        for term, model in decided.models:
            self._models[term, of] = ((term, model),)
            self._models.move_to_end((term, of))
        while len(self._models) > _MOST_KEPT:
            self._models.popitem(last=False)
        return decided

    async def _suggestions(self, query: Query, wanted: Query, written: str, volume: Volume | None) -> list[Suggestion]:
        found: list[Suggestion] = []
        nearest = await self._services.index.nearest_words(query)
        meant = {word: others[0] for word, others in nearest.items()}
        if meant:
            found.append(Suggestion(f"Did you mean {', '.join(meant.values())}?", with_words(query, meant)))
        nothing = volume is not None and not volume.total
        asked = without_question(query, written)
        if nothing and asked.text == query.text:
            asked = without_grammar(query, SAID_OF_PAPERS)
        if asked.text != query.text:
            found.append(Suggestion("Only the words that tell", with_words(asked, meant)))
        if nothing and (fewer := await self._fewer_words(asked)):
            found.append(Suggestion("With fewer of the words", with_words(fewer, meant)))
        words = plain_words(query)
        if words and len(words.split()) >= FEWEST_WORDS and not self._services.meaning.problem:
            found += _readable("By meaning", f"{ABOUT}:{in_quotes(' '.join(written.split()))}")
        if volume is not None and volume.is_large:
            if volume.halved_by:
                label = f"From {volume.halved_by} upvotes on: about half of them"
                found.append(Suggestion(label, min_upvotes=volume.halved_by))
            elif word := await self._services.forecasts.halving_word(wanted):
                found += _readable(f"With “{word}”: about half of them", f"{query.text} {word}")
        return found


def _papers_like(written: str) -> tuple[Suggestion, ...]:
    """What somebody means who pastes a link to a paper."""
    paper_id = paper_id_of(as_typed(written.strip()))
    return (Suggestion("Papers like that one", f"{LIKE}:{paper_id}"),) if paper_id else ()


def _readable(label: str, query: str) -> list[Suggestion]:
    """The suggestion, if its query can be read: a longer one may be too long."""
    try:
        return [Suggestion(label, parse(query).text)]
    except QueryError:
        return []
