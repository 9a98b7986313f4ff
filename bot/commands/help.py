"""The help command, made from the registry itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.commands.registry import Command, Kind, Registry
from bot.commands.wording import answer, hint, say, sentence
from bot.messages.message import Block, Button, Buttons, Heading, Items, Span, bold, code, text
from bot.platforms.command_calls import Reply

HELP_QUERY: Final = "/papers help query"


def menu() -> Reply:
    """What an empty `/papers` answers."""
    return answer(
        say(bold("Paper Round"), " posts the papers that match this channel's topics."),
        say("Add a topic with ", code("/papers subscribe diffusion distillation"), ", or look around:"),
        Buttons(
            (
                Button("Topics", "topics"),
                Button("Today", "today"),
                Button("Preview", "preview"),
                Button("Status", "status"),
                Button("Help", "help"),
            )
        ),
    )


def overview(registry: Registry) -> Reply:
    """All commands in a line each."""
    lines = tuple(text(code(f"/papers {command.short_usage}"), f" {command.summary}") for command in registry)
    return answer(
        Heading("Paper Round"),
        Items(lines),
        hint("More on one of them: ", code("/papers help search"), "; how to write queries: ", code(HELP_QUERY)),
    )


#: The language of searches and topics: what to write, and what that finds.
LANGUAGE: Final = (
    (("diffusion distillation",), "both words in title, abstract or keywords; agents also finds agent"),
    (('"mixture of experts"', "fine-tuning"), "the words in a row; quotes of every language will do"),
    (('"interpretability"', "=agents", '="an agent"'), "exactly so, without other endings"),
    (('llm OR "language model"', "(image OR video) generation"), "either; OR in capitals, parentheses group"),
    (("agents -survey", "agents NOT survey"), "without that word"),
    (("quant*",), "words that begin so"),
    (("title:agent", "abstract:benchmark"), "only there"),
    (('author:"yann lecun"', 'author:"LeCun, Y."'), "an author, either name first"),
    (("cat:cs.CL", "cat:cs.*"), "an arXiv category, or all of an archive"),
    (("org:nvidia", "submitter:akhaliq", "source:arxiv"), "organisation, submitter, feed"),
    (("upvotes:>=20", "stars:>100", "comments:1..5"), "numbers"),
    (("after:2026-01-01", "before:2026-03-01", "date:2026-04"), "days, months and years"),
    (("has:code", "has:project", "has:model"), "with such a link"),
    (("id:2604.13035", "doi:10.1101/2026.04.01.123456"), "that paper, by arXiv id or DOI"),
    (("like:2604.13035", "like:(2604.13035 2604.01234)~3/day"), "like one of these, about so many a day"),
    (('about:"plain words"', 'about:"plain words"~3/day'), "about that by meaning, about so many a day"),
    (("*",), "every paper"),
    (("agents sort:new", "agents sort:top"), "a search by day or by votes"),
)
_LANGUAGE_NAMES: Final = frozenset(("query", "queries", "language", "syntax", "operators", "search syntax"))


def asks_for_language(name: str) -> bool:
    """Whether `help` was asked about the language of queries, and not about a command."""
    return name.lower() in _LANGUAGE_NAMES


def language() -> Reply:
    """How to write what to look for."""
    return answer(
        Heading("Searches and topics"),
        say("Both are written in one language: a topic is a search that goes on. Case does not matter."),
        Items(tuple(text(*_alternatives(examples), f": {meaning}") for examples, meaning in LANGUAGE)),
        hint("Try one: ", code("/papers search agents -survey"), ", then the same with ", code("/papers subscribe")),
    )


def _alternatives(examples: Sequence[str]) -> list[str | Span]:
    return [part for example in examples for part in (" ", code(example))][1:]


def audience(command: Command) -> str:
    """Who may give a command, and where that depends on what is asked."""
    managers = "those who may manage this channel"
    if not command.manages:
        return "everyone"
    if command.changes_with:
        return f"everyone; to change something, for {managers}"
    if command.own_with:
        return f"{managers}; with `{command.options[command.own_with].usage.strip('[]')}` for everyone"
    return managers


def explanation(command: Command) -> Reply:
    """All about one command."""
    blocks: list[Block] = [
        Heading(f"/papers {command.usage}"),
        sentence(f"{command.summary[:1].upper()}{command.summary[1:]}. For {audience(command)}."),
    ]
    if command.parameters:
        blocks.append(
            Items(tuple(text(code(one.usage), f" {one.help}") for one in command.parameters if not one.internal))
        )
    if command.details:
        blocks.append(sentence(command.details))
    if command.examples:
        blocks.append(say(bold("Examples")))
        blocks.append(Items(tuple(text(code(f"/papers {example}")) for example in command.examples)))
    if any(parameter.kind is Kind.QUERY for parameter in command.parameters):
        blocks.append(hint("All of the language of queries: ", code(HELP_QUERY)))
    return answer(*blocks)
