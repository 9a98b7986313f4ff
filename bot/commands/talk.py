"""Talk: what people write to the bot in their own words, in a conversation with it or after a mention.

A link to a paper gives its card, a command works, thanks get a kind word, and everything else is a search.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bot.commands.registry import Command, Registry
from bot.commands.runner import HELP
from bot.commands.wording import answer, hint, say
from bot.messages.message import Block, PaperBlock, code
from bot.papers.ids import linked_paper_ids
from bot.platforms.command_calls import CommandCall, CommandRunner, Reply
from bot.text.suggestions import closest

#: Cards for the links in one message; a list of links is no request for a wall of cards.
MOST_CARDS: Final = 3
#: So many words and more that begin with a command's name may as well be a sentence.
_SENTENCE: Final = 3
_WORD: Final = re.compile(r":[\w+-]+:|[^\W_][\w'’.+-]*")
_LINK: Final = re.compile(r"https?://\S+")
_THANKS: Final = frozenset((
    "thanks", "thank", "thx", "thanx", "ty", "tysm", "cheers", "kudos", "merci", "danke", "gracias", "grazie",
    "obrigado", "obrigada", "arigato", "спасибо", "谢谢", "ありがとう", "감사합니다",
))  # fmt: skip
_GREETINGS: Final = frozenset((
    "hello", "hi", "hey", "hiya", "howdy", "yo", "hallo", "hola", "salut", "bonjour", "ciao", "moin", "greetings",
))  # fmt: skip
_PRAISE: Final = frozenset(("great", "nice", "awesome", "perfect", "cool", "good", "excellent", "wonderful", "lovely"))
_TIMES_OF_DAY: Final = frozenset(("morning", "afternoon", "evening", "tag", "day"))
#: Words around thanks, greetings and praise that ask for nothing.
_FILLERS: Final = frozenset((
    "you", "so", "very", "much", "many", "a", "lot", "again", "all", "everyone", "for", "the", "that", "this", "is",
    "it", "was", "help", "paper", "papers", "round", "bot", "job", "work", "one", "stuff", "and", "there", "really",
    "team", "vielen", "dank", "sehr", "mille", "beaucoup", "muchas", "guten", "ok", "okay",
))  # fmt: skip


class Talk:
    """Implements `bot.platforms.command_calls.CommandRunner.run` for what people say to the bot."""

    def __init__(self, commands: CommandRunner, registry: Registry) -> None:
        self._commands = commands
        self._registry = registry

    async def run(self, call: CommandCall) -> Reply:
        text = call.line.strip().removeprefix("/papers").strip()
        if not text:
            return await self._run(call, "")
        command = self._registry.of_line(text)
        if command is not None or text in HELP:
            reply = await self._run(call, text)
            return await self._searched(call, text) if reply.failed and _may_be_a_sentence(text, command) else reply
        if papers := linked_paper_ids(text):
            return await self._cards(call, papers)
        return _kind_word(text) or await self._searched(call, text)

    async def _run(self, call: CommandCall, line: str) -> Reply:
        return await self._commands.run(replace(call, line=line))

    async def _cards(self, call: CommandCall, papers: list[str]) -> Reply:
        """The cards of papers that somebody links to."""
        shown = list(dict.fromkeys(papers))
        replies = [await self._run(call, f"show {paper}") for paper in shown[:MOST_CARDS]]
        if len(replies) == 1:
            return replies[0]
        blocks: list[Block] = [block for reply in replies for block in reply.message.blocks]
        if more := len(shown) - len(replies):
            blocks.append(hint(f"… and {more} more, which I leave out here."))
        failed = not any(isinstance(block, PaperBlock) for block in blocks)
        return replace(answer(*blocks), failed=failed)

    async def _searched(self, call: CommandCall, text: str) -> Reply:
        """What a search for those words finds, and that it is one."""
        reply = await self._run(call, f"search -- {text}")
        words = " ".join(_WORD.findall(_LINK.sub(" ", text)))
        if reply.failed and words:
            # People write as they speak: what is no query is a search for its words.
            reply = await self._run(call, f"search -- {words}")
        near = closest(text.split()[0].lower(), [one.name for one in self._registry])
        note = (
            hint("I took that for a search. Did you mean ", code(f"/papers {near}"), "?")
            if near
            else hint("I took that for a search. ", code("/papers help"), " shows what else I can do.")
        )
        return replace(reply, message=replace(reply.message, blocks=(*reply.message.blocks, note)))


def _may_be_a_sentence(text: str, command: Command | None) -> bool:
    """Whether what begins with a command's name, and is wrong as one, was meant as words: `show me some papers`. What
    changes something is explained instead, unless nothing may stand behind it at all."""
    is_long = len(text.split()) >= _SENTENCE
    return is_long and command is not None and (not command.manages or not command.positional)


def _kind_word(text: str) -> Reply | None:
    """The answer to thanks, praise or a greeting, None for anything that asks for something."""
    words = [word.lower().strip("'’.") for word in _WORD.findall(text)]
    named = {word for word in words if not word.startswith(":")}
    if named - _THANKS - _GREETINGS - _TIMES_OF_DAY - _PRAISE - _FILLERS or (
        words and not named and len(words) > 2 * _SENTENCE
    ):
        return None
    if named & (_GREETINGS | _TIMES_OF_DAY) and not named & _THANKS:
        return answer(
            say(
                "Hello! Write what you look for, such as ", code("diffusion models"), ", or send me a link to a paper."
            ),
            hint(code("/papers help"), " shows what else I can do."),
        )
    if named & (_THANKS | _PRAISE) or not named:
        return answer(say("You are welcome. I am glad to help."))
    return None
