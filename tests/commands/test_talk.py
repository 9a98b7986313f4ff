"""What people write to the bot in their own words: links, thanks, commands, and everything else as a search."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.commands.runner import REGISTRY
from bot.commands.talk import Talk
from bot.messages.message import PaperBlock
from bot.messages.plain import plain_text
from bot.platforms.command_calls import CommandCall, Reply
from tests.core import MANAGER, Core
from tests.sources import a_paper

HINT = "I took that for a search"


async def said(core: Core, text: str) -> Reply:
    call = CommandCall(line=text, address=core.address(), channel_name="general", person=MANAGER)
    return await Talk(core.commands, REGISTRY).run(call)


async def words(core: Core, text: str) -> str:
    return plain_text((await said(core, text)).message)


@pytest.mark.parametrize(
    "text",
    [
        "https://arxiv.org/abs/2605.00001",
        "have you seen https://huggingface.co/papers/2605.00001 ?",
        "arxiv.org/pdf/2605.00001v2",
        "<https://arxiv.org/abs/2605.00001>",
    ],
)
async def test_a_link_gives_its_card(core: Core, text: str) -> None:
    await core.news(a_paper(1))
    cards = [block for block in (await said(core, text)).message.blocks if isinstance(block, PaperBlock)]
    assert [card.paper_id for card in cards] == ["2605.00001"]


async def test_many_links_give_few_cards_and_say_so(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 7)))
    reply = await said(core, " ".join(f"https://arxiv.org/abs/2605.0000{number}" for number in range(1, 7)))
    assert len([block for block in reply.message.blocks if isinstance(block, PaperBlock)]) == 3
    assert "3 more" in plain_text(reply.message)


@pytest.mark.parametrize(
    "text",
    ["diffusion study", "papers on diffusion", "show me diffusion papers", "today I read about diffusion",
     "resume training of diffusion models", 'what is "diffusion', "diffusion (study", "what's new in diffusion?",
     "similar ideas to diffusion study"],
)  # fmt: skip
async def test_words_are_a_search_with_a_hint(core: Core, text: str) -> None:
    await core.news(a_paper(1))
    shown = await words(core, text)
    assert HINT in shown
    assert "There is no command" not in shown
    assert shown.count(HINT) == 1


async def test_a_search_finds_what_was_meant(core: Core) -> None:
    await core.news(a_paper(1))
    assert "Diffusion Study 1" in await words(core, "diffusion study")
    assert "Diffusion Study 1" in await words(core, 'diffusion "study')


@pytest.mark.parametrize(
    "text", ["thanks!", "Thank you so much", "thx", "many thanks 🙏", "danke", "merci beaucoup", "Thanks, Paper Round!",
             "great, thank you", ":pray:", "👍", "awesome!", "ありがとう"],
)  # fmt: skip
async def test_thanks_get_a_kind_word(core: Core, text: str) -> None:
    shown = await words(core, text)
    assert "welcome" in shown
    assert HINT not in shown


@pytest.mark.parametrize("text", ["hello", "Hi there!", "good morning", "hey :wave:"])
async def test_a_greeting_is_returned(core: Core, text: str) -> None:
    assert "Hello!" in await words(core, text)


@pytest.mark.parametrize(
    "text", ["thanks transformers", "nice diffusion", "great models for vision", "hello world model"]
)
async def test_what_asks_for_something_is_no_thanks(core: Core, text: str) -> None:
    assert HINT in await words(core, text)


async def test_a_command_works(core: Core) -> None:
    assert "Topic 1 added" in await words(core, "/papers subscribe diffusion")
    assert "1 topic" in await words(core, "topics")
    assert "/papers subscribe" in await words(core, "?")
    assert "/papers search" in await words(core, "help")


@pytest.mark.parametrize(
    ("text", "explained"),
    [('subscribe "diffusion', "quot"), ("schedule every other tuesday", "schedule"), ("show 12", "12")],
)
async def test_a_command_that_is_wrong_is_explained(core: Core, text: str, explained: str) -> None:
    shown = await words(core, text)
    assert explained in shown
    assert HINT not in shown


async def test_a_misspelt_command_is_named(core: Core) -> None:
    assert "Did you mean `/papers subscribe`" in await words(core, "subscirbe diffusion")


async def test_who_cannot_be_seen_hears_so_and_may_read(core: Core) -> None:
    unseen = replace(MANAGER, may_manage=False, known=False)
    assert "cannot see who you are" in plain_text((await core.ask("subscribe diffusion", person=unseen)).message)
    assert "cannot see who you are" in plain_text((await core.ask("settings role admins", person=unseen)).message)
    assert "no papers yet" in plain_text((await core.ask("search diffusion", person=unseen)).message)
