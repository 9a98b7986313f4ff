"""TopicModals: a modal for a new topic and for one that is edited, from the command, the button and the mistake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.discord.interactions.topic_modal import MODAL_PREFIX, modal_of_line
from adapters.discord.platform import DiscordPlatform
from bot.errors import StorageError
from bot.topics.forms import TopicForms
from tests.adapters.discord.harness import Harness, running
from tests.simulators.discord_interactions import RADIO_GROUP, VISITOR
from tests.simulators.discord_responses import ApiError
from tests.sources import a_paper


@pytest.fixture
async def running_harness(harness: Harness) -> AsyncIterator[Harness]:
    await harness.core.news(*(a_paper(number) for number in range(1, 4)))
    async with running(harness):
        yield harness


async def topics(harness: Harness) -> list[tuple[str, str, int | None, bool]]:
    stored = await harness.store.subscriptions.of_channel((await harness.stored()).id)
    return [(topic.query, topic.name, topic.min_upvotes, topic.instant) for topic in stored]


@pytest.mark.parametrize(
    ("line", "number"),
    [("subscribe", None), ("edit 3", 3), (" EDIT #12. ", 12)],
)
def test_lines_that_ask_for_a_form(line: str, number: int | None) -> None:
    form = modal_of_line(line)
    assert form is not None
    assert form.number == number


@pytest.mark.parametrize("line", ["subscribe x", "edit", "edit diffusion", "edit 3 x", "edit 1234567", "topics", ""])
def test_lines_that_do_not(line: str) -> None:
    assert modal_of_line(line) is None


async def test_subscribe_without_a_query_opens_a_form_as_the_first_answer(running_harness: Harness) -> None:
    opened = await running_harness.simulator.interactions.command(
        running_harness.general, "subscribe", instant=True, min_upvotes=4
    )
    assert opened.first is not None
    assert opened.first["type"] == 9
    assert list(opened.fields) == ["query", "name", "min-upvotes", "instant", "backfill"]
    assert opened.fields["min-upvotes"]["value"] == "4"
    when = opened.fields["instant"]
    assert when["type"] == RADIO_GROUP
    assert [(one["value"], one.get("default", False)) for one in when["options"]] == [("off", False), ("on", True)]
    done = await running_harness.simulator.interactions.submit(
        running_harness.general,
        opened,
        query="diffusion\n  OR  quant*",
        name='the "fast" ones',
        min_upvotes="",
        backfill="1",
    )
    assert done.first == {"type": 5, "data": {"flags": 64}}
    assert "Topic 1 added" in done.text
    assert await topics(running_harness) == [("diffusion OR quant*", "the 'fast' ones", None, True)]


async def test_a_form_begins_with_no_more_than_its_fields_take(running_harness: Harness) -> None:
    opened = await running_harness.simulator.interactions.command(
        running_harness.general, "subscribe", name="n" * 90, min_upvotes=1_000_000_000
    )
    assert opened.fields["name"]["value"] == "n" * 60
    assert not opened.fields["min-upvotes"].get("value")


async def test_edit_opens_the_form_with_what_the_topic_is_and_does_what_it_says(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query='"mixture of experts"', min_upvotes=7, name="Experts")
    opened = await running_harness.simulator.interactions.command(running_harness.general, "edit", topic="1")
    assert opened.modal is not None
    assert opened.modal["title"] == "Topic 1"
    assert {name: field.get("value") for name, field in opened.fields.items() if name != "instant"} == {
        "query": '"mixture of experts"',
        "name": "Experts",
        "min-upvotes": "7",
    }
    await running_harness.simulator.interactions.submit(
        running_harness.general, opened, query="diffusion", name="", min_upvotes="", instant="on"
    )
    assert await topics(running_harness) == [("diffusion", "", None, True)]


async def test_the_button_of_a_topic_opens_the_same_form(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion")
    await running_harness.say("subscribe", query="quant*")
    shown = await running_harness.say("topics")
    opened = await running_harness.simulator.interactions.press(
        running_harness.general, shown.messages[0], shown.buttons["2 · Edit"]
    )
    assert opened.fields["query"]["value"] == "quant*"
    answer = await running_harness.simulator.interactions.submit(running_harness.general, opened, min_upvotes="12")
    assert answer.ephemeral
    assert (await topics(running_harness))[1] == ("quant*", "", 12, False)


async def test_a_mistake_is_explained_and_the_form_opens_again_with_what_was_written(running_harness: Harness) -> None:
    opened = await running_harness.simulator.interactions.command(running_harness.general, "subscribe")
    wrong = await running_harness.simulator.interactions.submit(
        running_harness.general,
        opened,
        query='diffusion `x`\n"never closed',
        name="Diffusers",
        min_upvotes="ten",
        instant="on",
    )
    assert "“ten” does not fit" in wrong.text
    again = await running_harness.simulator.interactions.press(
        running_harness.general, wrong.messages[0], wrong.buttons["Open the form again"]
    )
    assert again.fields["query"]["value"] == 'diffusion `x` "never closed'
    assert again.fields["min-upvotes"]["value"] == "ten"
    wrong = await running_harness.simulator.interactions.submit(running_harness.general, again, min_upvotes="10")
    assert "quot" in wrong.text
    again = await running_harness.simulator.interactions.press(
        running_harness.general, wrong.messages[0], wrong.buttons["Open the form again"]
    )
    await running_harness.simulator.interactions.submit(running_harness.general, again, query="diffusion")
    assert await topics(running_harness) == [("diffusion", "Diffusers", 10, True)]
    fresh = await running_harness.simulator.interactions.command(running_harness.general, "subscribe")
    assert "value" not in fresh.fields["query"]


async def test_what_was_written_into_a_form_is_still_there_for_the_process_that_takes_over(harness: Harness) -> None:
    async with running(harness):
        opened = await harness.simulator.interactions.command(harness.general, "subscribe")
        long = "diffusion ( " + "x" * 480
        wrong = await harness.simulator.interactions.submit(harness.general, opened, query=long, backfill="some")
    harness.platform = DiscordPlatform(harness.simulator.token, harness.clock, api_url=harness.simulator.api_url)
    harness.simulator.gateway.ready.clear()
    async with running(harness):
        again = await harness.simulator.interactions.press(
            harness.general, wrong.messages[0], wrong.buttons["Open the form again"]
        )
    assert again.fields["query"]["value"] == long
    assert again.fields["backfill"]["value"] == "some"


@pytest.mark.parametrize("with_mistake", [False, True])
async def test_what_somebody_else_changed_while_a_form_was_open_stays(
    running_harness: Harness, with_mistake: bool
) -> None:
    """Also where the form opens again after a mistake."""
    await running_harness.say("subscribe", query="diffusion", min_upvotes=7, name="No")
    discord = running_harness.simulator.interactions
    opened = await discord.command(running_harness.general, "edit", topic="1")
    await running_harness.say("edit", topic="1", min_upvotes=12, instant="on")
    if with_mistake:
        wrong = await discord.submit(running_harness.general, opened, query="(diffusion", name="")
        await running_harness.say("edit", topic="1", min_upvotes=20)
        button = wrong.buttons["Open the form again"]
        opened = await discord.press(running_harness.general, wrong.messages[0], button)
        assert (opened.fields["query"]["value"], opened.fields["min-upvotes"]["value"]) == ("(diffusion", "20")
        assert not opened.fields["name"].get("value")
    await discord.submit(running_harness.general, opened, query="quant*")
    expected = ("quant*", "", 20, True) if with_mistake else ("quant*", "No", 12, True)
    assert await topics(running_harness) == [expected]


async def test_a_form_that_changes_nothing_of_a_topic_that_is_gone_says_so(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion")
    discord = running_harness.simulator.interactions
    opened = await discord.command(running_harness.general, "edit", topic="1")
    await running_harness.say("unsubscribe", topic="1")
    answer = await discord.submit(running_harness.general, opened)
    assert "has no topics" in answer.text
    assert "You wrote" not in answer.text


async def test_who_may_not_manage_the_channel_gets_no_form_and_no_change(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion")
    asked: list[tuple[str, dict[str, Any]]] = [("subscribe", {}), ("edit", {"topic": "1"})]
    for name, values in asked:
        refused = await running_harness.simulator.interactions.command(
            running_harness.general, name, permissions=VISITOR, **values
        )
        assert refused.modal is None
        assert "Only people who may manage" in refused.text
    opened = await running_harness.simulator.interactions.command(running_harness.general, "edit", topic="1")
    forged = await running_harness.simulator.interactions.submit(
        running_harness.general, opened, permissions=VISITOR, query="other"
    )
    assert "Only people who may manage" in forged.text
    assert await topics(running_harness) == [("diffusion", "", None, False)]


async def test_without_such_a_topic_the_answer_is_in_words(running_harness: Harness) -> None:
    await running_harness.say("subscribe", query="diffusion")
    assert "There is no topic “9”" in (await running_harness.say("edit", topic="9")).text
    assert "Topic 1" in (await running_harness.say("edit", topic="diffusion")).text


async def test_a_form_that_was_open_during_a_restart_is_read_all_the_same(running_harness: Harness) -> None:
    opened = await running_harness.simulator.interactions.command(running_harness.general, "subscribe")
    assert opened.modal is not None
    assert opened.modal["custom_id"] == f"{MODAL_PREFIX}subscribe"
    opened.modal["components"] = opened.modal["components"][:1]  # as an older version had it
    await running_harness.simulator.interactions.submit(running_harness.general, opened, query="diffusion")
    assert await topics(running_harness) == [("diffusion", "", None, False)]


async def test_where_no_form_can_open_the_command_answers_in_words(
    running_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running_harness.say("subscribe", query="diffusion")
    running_harness.simulator.refuse_forms.append(ApiError(400, 50035, "Invalid Form Body"))
    answer = await running_harness.say("edit", topic="1")
    assert "To change it, write" in answer.text

    async def broken(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(TopicForms, "topic_of", broken)
    assert "To change it, write" in (await running_harness.say("edit", topic="1")).text
