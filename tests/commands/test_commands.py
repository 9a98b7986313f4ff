"""Every command as a line in and an answer out, on the real core."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.channels.channel import Address, Channel, ChannelState
from bot.commands.lines import LONGEST_LINE
from bot.commands.runner import REGISTRY
from bot.digests.digest import QueuedPaper
from bot.errors import SourceError, StorageError
from bot.messages.message import Button, Buttons, PaperBlock
from bot.messages.plain import plain_text
from bot.papers.names import read_names
from bot.papers.sources import ARXIV
from bot.platforms.command_calls import CommandCall, Completion, Reply
from storage.posting.digests import SqlDigestStore
from tests.clocks import NOON
from tests.core import MANAGER, VISITOR, Core
from tests.platforms import Fault
from tests.sources import TODAY, a_paper


def buttons(reply: Reply) -> dict[str, str]:
    """The buttons at the end of an answer: label to line."""
    return {
        button.label: button.line
        for block in reply.message.blocks
        if isinstance(block, Buttons)
        for button in block.buttons
    }


# --- help


async def test_an_empty_line_gets_a_short_menu(core: Core) -> None:
    reply = await core.ask("")
    assert "subscribe diffusion distillation" in plain_text(reply.message)
    for line in buttons(reply).values():
        assert not (await core.ask(line)).failed


async def test_help_names_every_command_and_explains_each(core: Core) -> None:
    overview = await core.say("help")
    for command in REGISTRY:
        assert f"`/papers {command.short_usage}`" in overview
        explanation = await core.say(f"help {command.name}")
        assert all(f"/papers {example}" in explanation for example in command.examples)


async def test_a_misspelt_command_gets_a_proposal(core: Core) -> None:
    assert await core.refused("subscibe x") == "There is no command `subscibe`. Did you mean `/papers subscribe`?"
    assert await core.refused("help subscibe") == "There is no command `subscibe`. Did you mean `/papers subscribe`?"


# --- search


async def test_search_pages_through_the_results_with_buttons(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 13)))
    first = await core.ask("search diffusion study")
    assert "12 papers for `diffusion study`, page 1 of 3" in plain_text(first.message)
    assert len(first.message.paper_ids) == 5
    second = await core.ask(buttons(first)["Next ›"], from_message="m1")
    assert second.replaces
    third = await core.ask(buttons(second)["Next ›"], from_message="m1")
    assert "Next ›" not in buttons(third)
    seen = [*first.message.paper_ids, *second.message.paper_ids, *third.message.paper_ids]
    assert sorted(seen) == [a_paper(number).id for number in range(1, 13)]
    beyond = await core.ask("search diffusion study --page 9", from_message="m1")
    assert plain_text(beyond.message) == plain_text(third.message)


async def test_an_old_button_shows_the_last_page_of_a_shorter_listing(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 13)))
    second = await core.ask("today --page 2")
    assert len(second.message.paper_ids) == 2
    assert plain_text((await core.ask("today --page 9")).message) == plain_text(second.message)


async def test_where_no_paper_is_known_search_says_why(core: Core) -> None:
    assert "the first come when the feeds are read" in await core.say("search diffusion")
    core.source.error = SourceError("it does not answer")
    await core.engine.poll()
    words = await core.say("search diffusion")
    assert "Hugging Face cannot be read at the moment" in words
    assert "No paper matches" not in words
    core.source.error = None
    await core.news(a_paper(1))
    assert "No paper matches" in await core.say("search turtles")


async def test_a_source_that_nobody_wants_anything_of_was_not_read(core: Core) -> None:
    await core.engine.poll()
    assert (await core.store.sources.state(core.source.name)).last_success_at is None
    assert "read today" not in await core.say("status")


async def test_search_offers_related_papers_under_their_own_heading(core: Core) -> None:
    await core.news(a_paper(1), a_paper(2, title="Fast Diffusion Turtles"))
    words = await core.say("search how fast can diffusion turtles run")
    assert "No paper matches" not in words
    assert "Best matches" in words
    assert "Fast Diffusion Turtles" in words


async def test_similar_begins_with_papers_of_others(core: Core) -> None:
    others = read_names(["Grace Hopper"])
    await core.news(*(a_paper(number) for number in range(1, 8)), a_paper(9, authors=others))
    assert (await core.ask(f"similar {a_paper(1).id}")).message.paper_ids[0] == a_paper(9).id


async def test_a_question_is_a_search_for_what_it_is_about(core: Core) -> None:
    await core.news(a_paper(1), a_paper(2, title="Fast Diffusion Turtles"))
    assert "1 paper for `fast diffusion turtles`" in (await core.say("search how fast are diffusion turtles?"))


async def test_search_and_subscribe_offer_the_nearest_word(core: Core) -> None:
    await core.news(*(a_paper(number, abstract="We look at diffusion.") for number in range(1, 8)))
    reply = await core.ask("search difusion")
    assert "Did you mean diffusion?" in plain_text(reply.message)
    assert buttons(reply)["Search diffusion"] == "search diffusion"
    assert "Did you mean diffusion?" in await core.say("subscribe difusion")
    assert "Did you mean" not in await core.say("search diffusion")


async def test_results_show_where_the_words_are(core: Core) -> None:
    await core.news(a_paper(1, abstract="We ask a question. A tiny network of neurons dreams at night."))
    (card,) = (block for block in (await core.ask("search neurons")).message.blocks if isinstance(block, PaperBlock))
    assert [span.text for span in card.snippet if span.bold] == ["neurons"]
    assert "tiny network" in "".join(span.text for span in card.snippet)


async def test_search_for_a_link_shows_the_paper(core: Core) -> None:
    await core.news(a_paper(1))
    reply = await core.ask("search https://arxiv.org/abs/2605.00001v2")
    assert reply.message.paper_ids == ["2605.00001"]


async def test_a_mistake_in_a_query_is_pointed_at(core: Core) -> None:
    words = await core.refused('search "mixture of experts')
    assert "^" in words
    assert "quot" in words.lower()


@pytest.mark.parametrize(
    "query", ["-survey", "OR OR", "cat:nope.XX", "upvotes:>many", "x" * 10_000, "🙂", '"', "((", "a OR -b", "foo:bar"]
)
async def test_nonsense_gets_a_sentence_and_changes_nothing(core: Core, query: str) -> None:
    assert len(await core.refused(f"search {query}")) > 20
    assert len(await core.refused(f"subscribe {query}")) > 20
    assert await core.store.channels.find(core.address()) is None


async def test_chinese_is_searched_like_any_other_text(core: Core) -> None:
    await core.news(a_paper(1, title="扩散 模型"))
    assert (await core.ask("search 扩散")).message.paper_ids == ["2605.00001"]


# --- today, trending, show, similar, cards


async def test_today_shows_the_newest_listing(core: Core) -> None:
    assert "No papers are listed yet" in await core.say("today")
    core.source.list(a_paper(1, upvotes=1), a_paper(2, upvotes=9), day=TODAY)
    core.source.list(a_paper(3), day=TODAY - timedelta(days=1))
    await core.engine.poll()
    reply = await core.ask("today")
    assert reply.message.paper_ids == ["2605.00002", "2605.00001"]
    assert "2 papers listed today" in plain_text(reply.message)


async def test_trending_orders_by_upvotes_within_the_period(core: Core) -> None:
    core.source.list(a_paper(1, upvotes=5), day=TODAY)
    core.source.list(a_paper(2, upvotes=50), day=TODAY - timedelta(days=2))
    await core.engine.poll()
    assert (await core.ask("trending")).message.paper_ids == ["2605.00002", "2605.00001"]
    assert (await core.ask("trending day")).message.paper_ids == ["2605.00001"]


async def test_show_gives_a_card_whose_buttons_work(core: Core) -> None:
    await core.news(a_paper(1), a_paper(2))
    reply = await core.ask("show arxiv.org/pdf/2605.00001")
    card = reply.message.blocks[0]
    lines = {button.label: button.line for button in card.buttons}  # type: ignore[union-attr]
    assert "We study diffusion. It works." in plain_text(reply.message)
    assert (await core.ask(lines["Similar"])).message.paper_ids == ["2605.00002"]
    for line in ("show 2605.00001.", "show https://arxiv.org/abs/2605.00001,"):  # with the end of a sentence
        assert (await core.ask(line)).message == reply.message
    assert "Shared" in await core.say(lines["Share"])
    await core.engine.deliver()
    (post,) = core.platform.posts
    assert "Ada shared a paper" in plain_text(post.message)


async def test_an_unknown_paper_and_no_paper_get_a_sentence(core: Core) -> None:
    assert "I do not know 2601.00001" in await core.refused("show 2601.00001")
    assert "is not a paper that I can find" in await core.refused("show attention is all you need")


# --- topics


async def test_subscribe_explains_the_topic_and_shows_what_it_would_have_posted(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 6)))
    reply = await core.ask('subscribe diffusion "study" -survey --min-upvotes 2 --name "Diffusion news"')
    words = plain_text(reply.message)
    assert "Topic 1 added" in words
    assert "at least 2 upvotes" in words
    assert "every weekday at 09:00" in words
    assert "The next digest is tomorrow at 09:00 (UTC)." in words
    assert len(reply.message.paper_ids) == 3
    listing = await core.say("topics")
    assert "Diffusion news" in listing
    await core.say(buttons(reply)["Undo"])
    assert "no topics yet" in await core.say("topics")


async def test_only_who_may_change_topics_is_offered_it(core: Core) -> None:
    await core.say("subscribe diffusion")
    assert {"Edit", "Remove"} <= buttons(await core.ask("topics")).keys()
    shown = await core.ask("topics", person=VISITOR)
    assert "diffusion" in plain_text(shown.message)
    assert not buttons(shown)


@pytest.mark.parametrize("line", ["?", "-h", "--help"])
async def test_help_is_understood_in_other_habits(core: Core, line: str) -> None:
    assert await core.say(line) == await core.say("help")


async def test_the_asker_s_time_zone_is_the_channel_s(core: Core) -> None:
    call = CommandCall(
        line="subscribe x",
        address=core.address(),
        channel_name="general",
        person=type(MANAGER)(id="u3", name="Zoe", may_manage=True, time_zone="Europe/Berlin"),
    )
    await core.commands.run(call)
    assert (await core.channel()).time_zone == "Europe/Berlin"


async def test_the_same_topic_twice_is_refused_with_its_number(core: Core) -> None:
    await core.say("subscribe diffusion -survey")
    assert "it is number 1" in await core.refused("subscribe  Diffusion   -survey --instant")
    await core.say("subscribe agents")
    assert "it is number 1" in await core.refused("edit 2 diffusion -survey")
    assert not (await core.ask("subscribe diffusion -survey", "other")).failed


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("agents", "Agent"),
        ("diffusion -survey", "-surveys diffusion"),
        ('llm OR "language model" OR agent', '("language models" OR agents) OR LLM'),
        ("cat:cs.CL (a OR b) (c OR d)", "(d OR c) (b OR a) cat:cs.cl"),
        ("agents upvotes:>=20", "agents --min-upvotes 20"),
        ("agents --min-upvotes 20", "agents"),
    ],
)
async def test_the_same_topic_in_other_words_is_refused_with_its_number(first: str, again: str, core: Core) -> None:
    await core.say("subscribe turtles")
    await core.say(f"subscribe {first}")
    assert "it is number 2" in await core.refused(f"subscribe {again}")
    await core.say("subscribe agents -benchmark")


async def test_two_topics_become_one(core: Core) -> None:
    await core.news(a_paper(1), a_paper(2, title="Turtles", abstract="", upvotes=50))
    await core.say("subscribe diffusion --name Slow")
    await core.say("subscribe turtles --min-upvotes 20 --instant --name Fast")
    await core.news(a_paper(3), a_paper(4, title="More Turtles", abstract="", upvotes=20))
    answer = await core.say("merge 1 2")
    assert (
        "Topics 1 and 2 are now one, number 1: papers either with diffusion or (with turtles, with at least 20"
        in answer
    )
    listing = await core.say("topics")
    assert "1 topic in #general" in listing
    assert "1. Slow (`diffusion OR turtles upvotes:>=20`)" in listing
    assert "posted at once" in listing
    assert sorted((await core.ask("preview")).message.paper_ids) == ["2605.00003", "2605.00004"]
    # Older papers that gain votes were old before; newer ones come by either side.
    few = a_paper(6, title="Few Turtles", abstract="", upvotes=3)
    await core.news(a_paper(1, upvotes=90), a_paper(2, title="Turtles", abstract="", upvotes=91), a_paper(5), few)
    assert sorted((await core.ask("preview")).message.paper_ids) == ["2605.00003", "2605.00004", "2605.00005"]
    await core.news(a_paper(6, title="Few Turtles", abstract="", upvotes=30))
    await core.next_digest()
    assert "4 papers in the last 30 days" in await core.say("topics")


async def test_a_common_bound_stays_an_option_of_merged_topics(core: Core) -> None:
    await core.say("subscribe diffusion OR turtles --min-upvotes 20")
    await core.say("subscribe sort:new agents -survey --min-upvotes 20 --name Robots")
    await core.say("merge robots 1")
    assert "2. Robots (`agents -survey OR diffusion OR turtles`)" in await core.say("topics")
    assert (
        "subscribe agents -survey OR diffusion OR turtles --min-upvotes 20 --name"
        in (buttons(await core.ask("unsubscribe 2"))["Add it again"])
    )


async def test_topics_that_cannot_be_merged_stay_as_they_are(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("subscribe turtles")
    await core.say("subscribe Turtle OR Diffusion")
    assert "Both are topic 2" in await core.refused("merge 2 turtles")
    assert "There is no topic “9” here" in await core.refused("merge 1 9")
    assert "it is number 3, `turtle OR diffusion`" in await core.refused("merge 1 2")
    assert "needs the number of the topic that goes into it" in await core.refused("merge 1")
    await core.say("subscribe " + " OR ".join(f"term{number}" for number in range(30)))
    await core.say("subscribe " + " OR ".join(f"word{number}" for number in range(30)))
    assert "at most 500 characters and 50 words" in await core.refused("merge 4 5")
    assert "5 topics in #general" in await core.say("topics")


async def test_topics_are_edited_by_number_name_or_query(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("subscribe agents --name Robots")
    assert "transformers" in await core.say("edit 1 transformers --min-upvotes 4")
    assert "at least 4 upvotes" in await core.say("topics")
    await core.say("edit robots --name none --instant on")
    listing = await core.say("topics")
    assert "Robots" not in listing
    assert "posted at once" in listing
    await core.say("edit 1 --min-upvotes 0")
    assert "upvotes" not in await core.say("topics")
    assert "write `/papers edit 1 transformers`" in await core.say("edit 1")
    assert "There is no topic “7” here" in await core.refused("edit 7 x")


@pytest.mark.parametrize("none", ["none", "off", "no", "-", "None"])
async def test_none_is_said_in_the_same_words_everywhere(core: Core, none: str) -> None:
    await core.say("subscribe agents --name Robots")
    await core.say(f"edit 1 --name {none}")
    assert "Robots" not in await core.say("topics")
    await core.say("settings quiet-days sat")
    assert "is now none" in await core.say(f"settings quiet-days {none}")
    assert "is now none" in await core.say(f"settings mention {none}")


async def test_an_edit_lets_go_of_what_it_no_longer_wants(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1), a_paper(2, title="Diffusion Survey"))
    await core.say("edit 1 diffusion -survey")
    assert (await core.ask("preview")).message.paper_ids == ["2605.00001"]


async def test_unsubscribe_takes_a_number_a_name_or_a_query(core: Core) -> None:
    await core.say("subscribe diffusion models")
    await core.say("subscribe agents --name Robots")
    await core.say("subscribe retrieval")
    assert "Did you mean number 3, “retrieval”?" in await core.refused("unsubscribe retreival")
    await core.say("unsubscribe DIFFUSION models")
    await core.say("unsubscribe robots")
    undo = buttons(await core.ask("unsubscribe #3"))["Add it again"]
    assert "no topics" in await core.refused("unsubscribe 1")
    await core.say(undo)
    assert "4. `retrieval`" in await core.say("topics")  # numbers are never given twice


async def test_a_number_means_the_topic_that_has_it_and_none_that_is_called_so(core: Core) -> None:
    await core.say("subscribe diffusion --name 2")
    await core.say("subscribe agents")
    remove = [button.line for button in _buttons_below(await core.ask("topics"), "Remove")]
    assert "Topic 2 removed: `agents`" in await core.say(remove[1])
    assert "Topic 1 removed" in await core.say("unsubscribe 2")  # now it can only be the name


def _buttons_below(reply: Reply, label: str) -> list[Button]:
    rows = [block.buttons for block in reply.message.blocks if isinstance(block, Buttons)]
    return [button for row in rows for button in row if button.label == label]


async def test_of_two_who_edit_a_topic_at_once_the_later_one_hears_so(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    await core.say("subscribe diffusion")
    waiting = type(core.store.digests).waiting

    async def meanwhile(store: SqlDigestStore, channel_id: int) -> list[QueuedPaper]:
        monkeypatch.setattr(type(core.store.digests), "waiting", waiting)
        await core.say("edit 1 agents")
        return await waiting(store, channel_id)

    monkeypatch.setattr(type(core.store.digests), "waiting", meanwhile)
    assert "was changed in the meantime" in await core.refused("edit 1 --min-upvotes 10")
    (topic,) = await core.store.subscriptions.of_channel((await core.channel()).id)
    assert (topic.query, topic.min_upvotes) == ("agents", None)


async def test_a_topic_is_found_by_whatever_would_be_refused_as_its_double(core: Core) -> None:
    await core.say("subscribe diffusion models")
    await core.say("subscribe retrieval --min-upvotes 5")
    for line in ("models diffusion", "retrieval upvotes:>4"):
        assert "has that topic already" in await core.refused(f"subscribe {line}")
        assert "removed" in await core.say(f"unsubscribe {line}")


async def test_unsubscribe_drops_what_waited_only_for_it(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("subscribe turtles")
    await core.news(a_paper(1), a_paper(2, title="Diffusion Turtles"))
    await core.say("unsubscribe 1")
    assert (await core.ask("preview")).message.paper_ids == ["2605.00002"]


async def test_many_topics_are_shown_by_pages(core: Core) -> None:
    for number in range(1, 53):
        await core.say(f"subscribe diffusion {number}")
    first = await core.ask("topics")
    assert "50. " in plain_text(first.message)
    assert "51. " not in plain_text(first.message)
    second = await core.ask(buttons(first)["Next ›"], from_message="m1")
    assert second.replaces
    assert "52 topics in" in plain_text(second.message)
    assert "51. `diffusion 51`" in plain_text(second.message)
    assert plain_text((await core.ask("topics --page 9")).message) == plain_text(second.message)


async def test_topics_tell_what_each_brought(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1), a_paper(2))
    await core.next_digest()
    assert "2 papers in the last 30 days" in await core.say("topics")


# --- permissions


async def test_only_managers_change_things_and_everybody_may_look(core: Core) -> None:
    await core.say("subscribe diffusion")
    for line in ("subscribe x", "unsubscribe 1", "edit 1 y", "merge 1 2", "schedule instant", "timezone UTC", "pause",
                 "resume", "settings limit 3", "now"):  # fmt: skip
        assert "Only people who may manage this channel" in await core.refused(line, person=VISITOR)
    for line in ("help", "search x", "today", "trending", "topics", "settings", "settings limit", "schedule",
                 "timezone", "preview", "history", "status"):  # fmt: skip
        assert not (await core.ask(line, person=VISITOR)).failed, line


# --- timing


async def test_schedule_and_time_zone_move_the_next_digest(core: Core) -> None:
    assert "every day at 18:30 (UTC)" in await core.say("schedule daily 6:30pm")
    assert (await core.channel()).next_digest_at == NOON.replace(hour=18, minute=30)
    assert "it is 14:00 there" in await core.say("timezone berlin")
    assert (await core.channel()).next_digest_at == NOON.replace(hour=16, minute=30)
    assert "as soon as they are found" in await core.say("schedule instant")
    assert "Did you mean `Europe/Berlin`?" in await core.refused("timezone Berln")
    assert len(await core.refused("schedule whenever")) > 20


async def test_a_pause_keeps_papers_and_ends_by_itself(core: Core) -> None:
    await core.say("schedule daily 09:00")
    await core.say("subscribe diffusion")
    assert "Thursday" in await core.say("pause until thursday")
    for number in (1, 2):
        await core.news(a_paper(number))
        await core.settle(hours=24, step=3600)
    assert len(core.platform.posts) == 1
    assert len(core.platform.papers_in("general")) == 2
    assert "was not paused" in await core.say("resume")
    await core.say("timezone Asia/Tokyo")  # where the first day of all begins before there is a time in UTC
    for day in ("2020-01-01", "0001-01-01", "today"):
        assert "has begun already" in await core.refused(f"pause until {day}")


@pytest.mark.parametrize(
    ("line", "state", "schedule"),
    [
        ("pause until 2026-12-24", ChannelState.PAUSED, "weekdays 09:00"),
        ("schedule instant", ChannelState.ACTIVE, "instant"),
    ],
)
async def test_what_people_say_at_the_moment_in_which_a_pause_ends_stays(
    core: Core, monkeypatch: pytest.MonkeyPatch, line: str, state: ChannelState, schedule: str
) -> None:
    await core.say("subscribe diffusion")
    await core.say("pause until 2026-05-13")
    core.clock.advance(days=2)
    store = core.store.channels
    look = store.ended_pauses

    async def look_and_wait(now: datetime) -> list[Channel]:
        found = await look(now)
        if found:
            await core.say(line)
        return found

    monkeypatch.setattr(store, "ended_pauses", look_and_wait)
    await core.engine.deliver()
    channel = await core.channel()
    assert (channel.state, channel.schedule) == (state, schedule)
    assert (channel.next_digest_at is None) == (schedule == "instant")


@pytest.mark.parametrize("schedule", ["instant", "daily 09:00"])
async def test_a_schedule_that_is_set_at_the_moment_in_which_somebody_resumes_is_kept(
    core: Core, monkeypatch: pytest.MonkeyPatch, schedule: str
) -> None:
    await core.say("subscribe diffusion")
    await core.say("schedule daily 09:00" if schedule == "instant" else "schedule instant")
    await core.say("pause")
    store = core.store.channels
    look = store.stopped_with_workspace

    async def look_and_wait(address: Address) -> list[Channel]:
        found = await look(address)
        await core.say(f"schedule {schedule}")
        return found

    monkeypatch.setattr(store, "stopped_with_workspace", look_and_wait)
    await core.say("resume")
    channel = await core.channel()
    assert (channel.state, channel.schedule) == (ChannelState.ACTIVE, schedule)
    assert (channel.next_digest_at is None) == (schedule == "instant")


async def test_a_channel_paused_without_end_waits_for_resume(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("pause")
    await core.news(a_paper(1))
    await core.settle(hours=72, step=3600)
    assert core.platform.posts == []
    assert "paused" in await core.refused("now")
    assert "goes on" in await core.say("resume")
    await core.next_digest()
    assert len(core.platform.posts) == 1


# --- settings


async def test_settings_are_shown_changed_and_checked(core: Core) -> None:
    shown = await core.say("settings")
    for key in ("limit", "style", "abstracts", "mention", "sources", "quiet-days"):
        assert key in shown
        assert key in await core.say(f"settings {key}")
    await core.say("settings limit 7")
    await core.say("settings STYLE Compact")
    await core.say("settings abstracts on")
    await core.say("settings mention @team")
    await core.say("settings sources hugging face")
    await core.say("settings quiet-days sat, sun, 2026-12-24")
    shown = await core.say("settings")
    for value in ("limit: 7", "style: compact", "abstracts: on", "mention: @team", "sources: Hugging Face"):
        assert value in shown
    assert "sat, sun, 2026-12-24" in shown
    for line, sentence in {
        "settings limit 0": "a number from 1 to 50",
        "settings limit ³": "a number from 1 to 50",
        "settings style card": "Did you mean `cards`?",
        "settings abstracts maybe": "`on` or `off`",
        "settings mention team": "starts with `@`",
        "settings sources reddit": "`huggingface`, `arxiv` or `all`",
        "settings quiet-days someday": "is no day",
        "settings quiet-days mon,tue,wed,thu,fri,sat,sun": "`/papers pause` stops posting",
        "settings styl compact": "Did you mean `style`?",
    }.items():
        assert sentence in await core.refused(line)


async def test_older_papers_are_not_promised_for_now_where_posting_is_paused(core: Core) -> None:
    await core.news(a_paper(1), a_paper(2))
    await core.say("subscribe diffusion")
    await core.say("pause")
    assert "2 older papers will be posted once posting goes on" in await core.say("subscribe study --backfill 2")
    await core.engine.deliver()
    assert core.platform.papers_in("general") == []
    await core.say("resume")
    await core.engine.deliver()
    assert len(core.platform.papers_in("general")) == 2


async def test_a_paper_that_waits_for_a_digest_comes_at_once_when_an_instant_topic_finds_it(core: Core) -> None:
    await core.say("schedule monthly 1 09:00")
    await core.say("subscribe diffusion")
    await core.say("subscribe study upvotes:>=20 --instant")
    await core.news(a_paper(1), a_paper(2))
    await core.engine.deliver()
    assert core.platform.papers_in("general") == []
    await core.news(a_paper(1, upvotes=30))
    await core.engine.deliver()
    assert core.platform.papers_in("general") == ["2605.00001"]
    assert "Waiting: 1 paper" in await core.say("status")


async def test_what_waited_for_a_time_comes_after_a_quiet_day_where_papers_go_out_at_once_by_then(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    await core.say("settings quiet-days tuesday")  # which is today
    await core.say("schedule instant")
    await core.settle(hours=11, step=3600)
    assert core.platform.papers_in("general") == []
    await core.settle(hours=2, step=3600)
    assert core.platform.papers_in("general") == ["2605.00001"]


async def test_quiet_days_are_quiet_and_keep_their_papers(core: Core) -> None:
    await core.say("schedule daily 09:00")
    await core.say("subscribe diffusion")
    await core.say("subscribe turtles --instant")
    assert "Friday at 09:00" in await core.say("settings quiet-days wed,thu")
    await core.news(a_paper(1))
    core.clock.set(NOON + timedelta(days=1))
    await core.news(a_paper(2, title="Turtles"))
    await core.engine.deliver()
    assert core.platform.posts == []
    core.clock.set(NOON + timedelta(days=2.6))
    await core.engine.deliver()
    assert core.platform.papers_in("general") == ["2605.00002"]
    await core.next_digest()
    assert sorted(core.platform.papers_in("general")) == ["2605.00001", "2605.00002"]


async def test_a_source_that_a_channel_does_not_want_is_left_out(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings sources arxiv")
    await core.news(a_paper(1))
    assert "Nothing is waiting" in await core.say("preview")


async def test_what_is_shown_of_a_topic_and_posted_of_older_papers_comes_from_the_channels_sources(core: Core) -> None:
    await core.store.papers.import_papers([a_paper(1, title="An older study", sources=frozenset({ARXIV}))])
    await core.news(*(a_paper(number) for number in range(2, 6)))
    await core.say("settings sources arxiv")
    for line in ("subscribe study", "edit 1 title:study", "forecast study"):
        assert (await core.ask(line)).message.paper_ids == ["2605.00001"], line
    assert not {f"2605.{number:05}" for number in range(2, 6)} & {
        *(await core.ask("more-like 2605.00002")).message.paper_ids
    }
    drafted = await core.panels.drafts.preview(core.call(), "study")
    assert [found.paper.id for found in drafted.found] == ["2605.00001"]
    assert "1 older paper will be posted now" in await core.say("subscribe study diffusion --backfill 3")
    await core.engine.deliver()
    assert core.platform.papers_in("general") == ["2605.00001"]


# --- delivery


async def test_a_preview_that_everybody_reads_does_not_say_that_it_is_for_one(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    assert "Preview, only for you." in await core.say("preview")
    public = await core.commands.run(replace(core.call("preview"), public=True))
    assert public.message.paper_ids == ["2605.00001"]
    assert "only for you" not in plain_text(public.message)


async def test_counts_say_what_is_shown_and_what_is_counted(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings limit 6")
    await core.news(*(a_paper(number) for number in range(1, 32)))
    await core.engine.deliver()
    assert "31 papers, of which a digest shows 6" in await core.say("status")
    preview = await core.say("preview")
    assert "25 papers more would stand behind the button “+25 more”" in preview
    assert "6 papers on the way; 25 papers more behind the button “+25 more”." in await core.say("now")
    await core.engine.deliver()
    assert len(core.platform.papers_in("general")) == 6
    assert "31 papers as BibTeX, 25 of which stood behind the “more” button" in await core.say("bib week")
    older = await core.say("subscribe study --backfill 31")
    assert "No older paper matches." in older


async def test_older_papers_are_counted_as_they_are_shown(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 32)))
    await core.say("settings limit 6")
    assert "6 older papers will be posted now; 25 papers more behind" in await core.say("subscribe study --backfill 31")
    await core.engine.deliver()
    assert len(core.platform.papers_in("general")) == 6


async def test_preview_shows_the_digest_and_now_sends_it(core: Core) -> None:
    assert "no topics yet" in await core.say("preview")
    await core.say("subscribe diffusion")
    assert "Nothing is waiting" in await core.say("now")
    await core.news(a_paper(1), a_paper(2))
    reply = await core.ask("preview")
    assert sorted(reply.message.paper_ids) == ["2605.00001", "2605.00002"]
    assert reply.ephemeral
    assert core.platform.posts == []
    assert "2 papers on the way" in await core.say(buttons(reply)["Send now"])
    await core.engine.deliver()
    assert sorted(core.platform.papers_in("general")) == ["2605.00001", "2605.00002"]
    assert "Nothing is waiting" in await core.say("preview")


async def test_days_are_those_of_the_channels_own_zone(core: Core) -> None:
    for line in ("timezone Asia/Tokyo", "schedule daily 08:30", "subscribe diffusion"):
        await core.say(line)
    await core.news(a_paper(1))
    await core.next_digest()
    assert core.clock.now() == NOON.replace(hour=23, minute=30)
    assert "in the digest of today." in await core.say("why 2605.00001")
    core.clock.advance(hours=1)
    assert "\nToday\n" in await core.say("history"), "it is the next day elsewhere"
    core.clock.advance(hours=15)
    assert "\nYesterday\n" in await core.say("history"), "and still the same one there"


async def test_history_shows_what_was_posted(core: Core) -> None:
    assert "Nothing was posted" in await core.say("history")
    await core.say("subscribe diffusion")
    await core.news(*(a_paper(number) for number in range(1, 16)))
    await core.next_digest()
    assert len((await core.ask("history")).message.paper_ids) == 10
    assert len((await core.ask("history 50")).message.paper_ids) == 15


async def test_status_tells_the_health_of_feeds_and_posting(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    words = await core.say("status")
    assert "The next digest is tomorrow at 09:00 (UTC)." in words
    assert "Waiting: 1 paper" in words
    assert "Hugging Face: read today at 12:00 (UTC)" in words
    core.platform.fail("general", Fault.BUSY)
    await core.next_digest()
    assert "last trouble: busy" in await core.say("status")


# --- completion


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("se", "search"),
        ("", "help"),
        ("help sub", "help subscribe"),
        ("settings st", "settings style"),
        ("settings style th", "settings style threads"),
        ("trending m", "trending month"),
        ("timezone berl", "timezone Europe/Berlin"),
        ("schedule mon", "schedule mon,thu 17:30"),
        ("subscribe diffusion --mi", "subscribe diffusion --min-upvotes"),
        ("unsubscribe ", "unsubscribe 1"),
        ("search agents up", "search agents upvotes:>="),
        ("/papers tre", "trending"),
        ("search agents cat:cs.c", "search agents cat:cs.CC"),
        ("search agents -cat:", "search agents -cat:cs.*"),
        ("search cat:chem-", "search cat:chem-ph"),
        ("search cat:vision", "search cat:cs.CV"),
        ("edit 1 ", "edit 1 diffusion"),
        ("unsubscribe dif", "unsubscribe 1"),
        ("show ", "show 2605.00002"),
        ("show 2605.0000", "show 2605.00002"),
        ("similar study 1", "similar 2605.00001"),
        ("save diffu", "save 2605.00002"),
    ],
)
async def test_half_a_line_is_completed(core: Core, line: str, first: str) -> None:
    await core.news(a_paper(1), a_paper(2))
    await core.say("subscribe diffusion")
    call = CommandCall(line=line, address=core.address(), channel_name="general", person=MANAGER)
    assert (await core.commands.complete(call))[0].line == first


async def test_without_a_database_nothing_is_completed(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(type(core.store.papers), "beginning_with", broken)
    call = CommandCall(line="show 2605", address=core.address(), channel_name="general", person=MANAGER)
    assert await core.commands.complete(call) == []


async def test_a_line_that_is_too_long_is_not_completed(core: Core) -> None:
    assert await core.commands.complete(core.call(f"search {'a' * LONGEST_LINE}")) == []


async def test_completions_say_what_they_stand_for(core: Core) -> None:
    await core.news(a_paper(1, title="An α of 100% *sparse* attention"))
    await core.say('subscribe diffusion --name "Fast ones"')

    async def offered(line: str) -> list[Completion]:
        call = CommandCall(line=line, address=core.address(), channel_name="general", person=MANAGER)
        return list(await core.commands.complete(call))

    assert Completion("search cat:hep-th", "High Energy Physics – Theory") in await offered("search cat:hep")
    first = [one.line.rpartition(":")[2] for one in await offered("search cat:")]
    assert not {"acc-phys", "atom-ph"}.intersection(first)  # what is closed comes last
    assert (await offered("search cat:atom"))[-1] == Completion("search cat:physics.atom-ph", "Atomic Physics")
    assert await offered("unsubscribe fast") == [Completion("unsubscribe 1", "Fast ones")]
    [paper] = await offered("show attention")
    assert (paper.line, paper.label) == ("show 2605.00001", "An α of 100% *sparse* attention")
    assert await offered("show 2605.0000%") == []
    assert await offered("frobnicate x") == []


async def test_the_topic_that_watches_the_date_of_today(core: Core) -> None:
    await core.say(f"subscribe after:{date(2026, 5, 12)}")
    await core.news(a_paper(1))
    assert (await core.ask("preview")).message.paper_ids == ["2605.00001"]


async def test_the_line_that_edit_proposes_is_understood(core: Core) -> None:
    await core.say('subscribe diffusion --instant --min-upvotes 5 --name "My topic"')
    proposed = (await core.say("edit 1")).split("`/papers ")[1].split("`")[0]
    assert proposed == 'edit 1 diffusion --min-upvotes 5 --instant on --name "My topic"'
    await core.say(proposed)


async def test_no_upvotes_are_no_bound(core: Core) -> None:
    assert "upvotes" not in (await core.say("subscribe diffusion --min-upvotes 0"))
