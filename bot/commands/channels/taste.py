"""The command `taste`: what a channel's votes have taught the order of its digests, and forgetting it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.channels.channel import Channel, Unlearnt
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, hint, say
from bot.errors import UserError
from bot.meaning.terms import written_forms
from bot.messages.message import Block, Heading, bold, code
from bot.papers.paper import Paper
from bot.platforms.command_calls import CommandCall, Reply
from bot.ranking.taste import Taste
from bot.text.counting import count_of
from bot.text.lists import listed
from bot.text.suggestions import closest
from bot.text.words import stemmed, words

MOST_SHOWN = 8
#: Terms from which those are taken that say something of their own.
_LOOKED_AT = 30
RESET, FORGET = "reset", "forget"


async def taste(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    match arguments.text("action"):
        case "reset":
            unlearnt = Unlearnt(since=services.clock.now())
            await _unlearn(services, channel, unlearnt)
            return answer(
                say(bold("Forgotten: "), "what votes have taught here so far. The next ones teach anew."),
                hint("The votes themselves are still counted on their cards."),
            )
        case "forget":
            return await _forget(services, channel, arguments.text("what"))
        case _:
            return await _shown(services, channel)


async def _shown(services: Services, channel: Channel) -> Reply:
    state = (await services.reading.vote_states([channel.id])).get(channel.id)
    found = await services.tastes.of(channel)
    blocks: list[Block] = [Heading(f"Taste of {channel.name_here}")]
    if state:
        blocks.append(say(f"{count_of(state.up, 'vote')} for papers and {state.down} against."))
    if not found.learnt:
        blocks.append(say("Nothing is learnt yet: the first 👍, or a paper that is saved here, begins it."))
        return answer(*blocks, hint("Until then digests are ordered by how well papers fit the topics."))
    written = written_forms(f"{paper.title} {paper.abstract}" for paper in await _voted(services, channel))
    for label, names in (
        ("Liked words", _words(found, written, liked=True)),
        ("Disliked words", _words(found, written, liked=False)),
        ("Liked authors", _strongest(found.authors.items())),
        ("Disliked authors", _strongest((name, -weight) for name, weight in found.authors.items())),
        ("Liked categories", _strongest(found.categories.items())),
        ("Disliked categories", _strongest((name, -weight) for name, weight in found.categories.items())),
    ):
        if names:
            blocks.append(say(bold(f"{label}: "), ", ".join(names)))
    if forgotten := channel.settings.unlearnt.names:
        blocks.append(say(bold("Forgotten: "), listed(forgotten)))
    blocks.append(
        hint(code("/papers taste forget Ada Lovelace"), " forgets one, ", code("/papers taste reset"), " all.")
    )
    return answer(*blocks)


async def _forget(services: Services, channel: Channel, what: str) -> Reply:
    if not what:
        raise UserError(
            "Say what to forget: a word, an author or a category, like `/papers taste forget Ada Lovelace`."
        )
    found = await services.tastes.of(channel)
    named = {name.casefold(): name for name in (*found.authors, *found.categories)}
    if (name := named.get(what.casefold())) is not None:
        gone = [name]
    else:
        known = {part for term in found.terms() for part in term.split()}
        gone = [term for term in stemmed(words(what)) if term in known]
    if not gone:
        near = closest(what, list(named.values()))
        proposal = f" Did you mean `{near}`?" if near else " `/papers taste` shows what was learnt."
        raise UserError(f"Nothing is learnt about “{what[:60]}” here.{proposal}")
    current = channel.settings.unlearnt
    await _unlearn(services, channel, replace(current, names=tuple(dict.fromkeys((*current.names, *gone)))))
    return answer(say(bold("Forgotten: "), what, "."), hint("It speaks neither for a paper nor against one any more."))


async def _unlearn(services: Services, channel: Channel, unlearnt: Unlearnt) -> None:
    def changed(current: Channel) -> Channel:
        return replace(current, settings=replace(current.settings, unlearnt=unlearnt))

    await services.channels.change(channel.id, changed, services.clock.now())


async def _voted(services: Services, channel: Channel) -> list[Paper]:
    votes = (await services.reading.cast_votes([channel.id]))[channel.id]
    return list((await services.papers.papers(sorted({vote.paper_id for vote in votes}))).values())


def _words(found: Taste, written: dict[str, str], *, liked: bool) -> list[str]:
    """The strongest terms as people write them, without words that a longer one among them has."""
    terms = found.strongest_terms(liked=liked, most=_LOOKED_AT)
    inside = {part for term in terms if " " in term for part in term.split()}
    kept = [term for term in terms if term not in inside][:MOST_SHOWN]
    return [" ".join(written.get(part, part) for part in term.split()) for term in kept]


def _strongest(weights: Iterable[tuple[str, int]]) -> list[str]:
    best = sorted((pair for pair in weights if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))
    return [name for name, _ in best[:MOST_SHOWN]]


COMMANDS = (
    Command(
        name="taste",
        summary="what votes have taught the order of digests here",
        handler=taste,
        manages=True,
        changes_with="action",
        parameters=(
            Parameter(name="action", help="forget all, or one thing", kind=Kind.CHOICE, choices=(RESET, FORGET)),
            Parameter(name="what", help="a word, an author or a category to forget"),
        ),
        examples=("taste", "taste forget Ada Lovelace", "taste reset"),
        details=(
            "👍, 👎 and saves in this channel order its digests, old ones less and less. What is forgotten stays so "
            "until a reset, which begins anew."
        ),
    ),
)
