"""Answers reach the person, also where Slack does not take them the first way."""

from __future__ import annotations

import pytest

from tests.adapters.slack.bot_process import BotProcess
from tests.simulators.slack import Fault
from tests.simulators.slack_messages import buttons_of, words_of
from tests.simulators.slack_methods import Json
from tests.sources import a_paper


@pytest.mark.parametrize("faults", [[Fault.ERROR_500] * 3, [Fault.DROPPED] * 3])
async def test_an_answer_whose_address_fails_comes_through_the_web_api(bot: BotProcess, faults: list[Fault]) -> None:
    channel = bot.slack.channel()
    bot.slack.fail("response_url", *faults)
    async with bot.over_http():
        interaction = await bot.slack.command("topics", channel)
        await bot.app.finish()
    assert interaction.responses.empty()
    (answer,) = channel.ephemerals
    assert "no topics" in words_of(answer)
    assert answer["user"] == "U0ADA"


async def test_an_answer_in_a_thread_stays_there(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    bot.slack.fail("response_url", *[Fault.ERROR_500] * 3)
    button = {"type": "button", "action_id": "paperround.run.0", "value": "topics"}
    async with bot.over_http():
        await bot.slack.press(button, channel, message_ts="1.5", thread_ts="1.0", ephemeral=False)
        await bot.app.finish()
    (answer,) = channel.ephemerals
    assert answer["thread_ts"] == "1.0"


async def test_an_answer_comes_in_private_where_the_bot_is_not_in_the_channel(bot: BotProcess) -> None:
    channel = bot.slack.channel("secret", private=True, member=False)
    bot.slack.fail("response_url", *[Fault.ERROR_500] * 3)
    async with bot.over_http():
        await bot.slack.command("topics", channel)
        await bot.app.finish()
    (answer,) = bot.slack.conversation("U0ADA").messages
    assert "no topics" in words_of(answer)


async def test_only_the_rest_of_an_answer_comes_the_second_way(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    async with bot.over_http():
        for number in range(1, 21):
            await bot.say(f"subscribe diffusion study {number}", channel)
        bot.slack.fail("response_url", None, *[Fault.ERROR_500] * 3)
        interaction = await bot.slack.command("topics", channel)
        await bot.app.finish()
    assert interaction.responses.qsize() == 1
    (rest,) = channel.ephemerals
    assert "study 20" in words_of(rest)


async def test_dangerous_buttons_ask_first(bot: BotProcess) -> None:
    """The simulator refuses a dangerous button without a question."""
    channel = bot.slack.channel()
    await bot.news(a_paper(1))
    async with bot.over_http():
        await bot.say("subscribe diffusion", channel)
        shown = await bot.say("topics", channel)
    buttons = [one for block in shown["blocks"] if block["type"] == "actions" for one in block["elements"]]
    dangerous = [one for one in buttons if one.get("style") == "danger"]
    assert dangerous
    assert all(one["confirm"]["deny"]["text"] == "Cancel" for one in dangerous)


async def test_the_answer_to_a_search_is_one_message_with_five_papers_at_most(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    long = "A summary that goes on and on, as summaries of papers do. " * 40
    exact = [
        a_paper(number, summary=long, abstract=long * 3, title=f"Mixture of Experts {number}") for number in (1, 2)
    ]
    others = [
        a_paper(number, summary=long, abstract=long * 3, title=f"Experts Study {number}") for number in range(3, 9)
    ]
    await bot.news(*exact, *others)
    async with bot.over_http():
        interaction = await bot.slack.command("search mixture of experts", channel)
        found = await interaction.answer()
        await bot.app.finish()
        assert interaction.responses.empty()
        papers = [
            title for title in ("Mixture of Experts", "Experts Study") for _ in range(words_of(found).count(title))
        ]
        assert 2 <= len(papers) <= 5
        more = next(label for label in buttons_of(found) if label.endswith("that may fit"))
        pressed = await bot.slack.press(buttons_of(found)[more], channel)
        rest = await pressed.answer()
    assert "Experts Study" in words_of(rest)
    assert not set(titles(found)) & set(titles(rest))


def titles(answer: Json) -> list[str]:
    return [line for line in words_of(answer).splitlines() if line.startswith(("Mixture of", "Experts Study"))]
