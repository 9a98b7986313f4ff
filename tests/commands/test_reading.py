"""Reading lists, bibliographies and votes, as lines in and answers out."""

from __future__ import annotations

from dataclasses import replace

from bot.messages.message import Document, Message, PaperBlock, Thumbs
from bot.messages.plain import plain_text
from bot.platforms.command_calls import Reply
from tests.commands.test_commands import buttons
from tests.core import MANAGER, VISITOR, Core
from tests.sources import a_paper


def document(reply: Reply) -> Document:
    (found,) = (block for block in reply.message.blocks if isinstance(block, Document))
    return found


def card_buttons(reply: Reply) -> dict[str, str]:
    """The buttons of the first card: label to line."""
    card = next(block for block in reply.message.blocks if isinstance(block, PaperBlock))
    return {button.label: button.line for button in card.buttons}


def thumbs_of(message: Message) -> dict[str, Thumbs]:
    """The votes on each paper that the message shows."""
    cards = [block for block in message.blocks if isinstance(block, PaperBlock)]
    return {card.paper_id: card.thumbs for card in cards if card.thumbs}


async def test_a_reading_list_is_ones_own(core: Core) -> None:
    await core.news(a_paper(1), a_paper(2))
    assert "empty" in await core.say("saved")
    assert "Saved" in await core.say("save 2605.00001")
    await core.say("save https://huggingface.co/papers/2605.00002")
    mine = await core.ask("saved")
    assert mine.message.paper_ids == ["2605.00002", "2605.00001"]
    assert (await core.ask("saved", person=VISITOR)).message.paper_ids == []


async def test_saving_twice_keeps_one_and_says_so(core: Core) -> None:
    await core.news(a_paper(1))
    await core.say("save 2605.00001")
    assert "You have it already" in await core.say("save 2605.00001")
    assert (await core.ask("saved")).message.paper_ids == ["2605.00001"]


async def test_what_is_taken_off_the_list_can_be_put_back(core: Core) -> None:
    await core.news(a_paper(1))
    await core.say("save 2605.00001")
    gone = await core.ask("unsave 2605.00001")
    assert "empty" in await core.say("saved")
    await core.say(buttons(gone)["Undo"])
    assert (await core.ask("saved")).message.paper_ids == ["2605.00001"]
    assert "not on your list" in await core.refused("unsave 2605.00002")


async def test_a_card_that_everybody_reads_does_not_say_what_is_on_somebodys_list(core: Core) -> None:
    await core.news(a_paper(1))
    await core.say("save 2605.00001")
    assert card_buttons(await core.ask("show 2605.00001"))["Saved"] == "unsave 2605.00001 --card"
    public = await core.commands.run(replace(core.call("show 2605.00001"), public=True))
    assert card_buttons(public)["Save"] == "save 2605.00001 --card"
    assert "Saved" not in card_buttons(public)


async def test_a_long_list_has_pages(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 13)))
    for number in range(1, 13):
        await core.say(f"save {a_paper(number).id}")
    first = await core.ask("saved")
    second = await core.ask(buttons(first)["Next ›"], from_message="m1")
    assert second.replaces
    assert [*first.message.paper_ids, *second.message.paper_ids] == [a_paper(number).id for number in range(12, 0, -1)]


async def test_a_list_is_taken_away_in_three_formats(core: Core) -> None:
    await core.news(a_paper(1), a_paper(2))
    await core.say("save 2605.00001")
    await core.say("save 2605.00002")
    for label, line in buttons(await core.ask("saved")).items():
        taken = document(await core.ask(line))
        assert "2605.00001" in taken.text, label
        assert "2605.00002" in taken.text, label
    assert document(await core.ask("saved bibtex")).name == "reading-list.bib"


async def test_one_person_in_two_workspaces_has_one_list_where_ids_say_so(core: Core) -> None:
    await core.news(a_paper(1))
    everywhere = replace(MANAGER, everywhere=True)
    await core.ask("save 2605.00001", person=everywhere)
    assert (await core.ask("saved")).message.paper_ids == []
    assert (await core.ask("saved", person=everywhere)).message.paper_ids == ["2605.00001"]


async def test_the_bibliography_has_what_was_posted_here(core: Core) -> None:
    await core.say("subscribe *")
    assert "Nothing was posted here" in await core.say("bib")
    await core.news(a_paper(1))
    await core.next_digest()
    assert "eprint        = {2605.00001}" in document(await core.ask("bib")).text
    core.clock.advance(days=10)
    assert "in the last week" in await core.say("bib week")
    assert "2605.00001" in document(await core.ask("bib month")).text
    assert "2605.00001" in document(await core.ask("bib all")).text
    assert "Nothing was posted here" in await core.say("bib all", "another")


async def test_votes_show_on_the_message_where_they_were_cast(core: Core) -> None:
    await core.say("subscribe *")
    await core.news(a_paper(1), a_paper(2))
    await core.next_digest()
    (post,) = core.platform.posts
    thumbs = thumbs_of(post.message)
    assert set(thumbs) == {"2605.00001", "2605.00002"}
    reply = await core.ask(thumbs["2605.00001"].up_line, from_message=post.remote_id)
    assert reply.update is not None
    assert reply.update.key == post.key
    assert thumbs_of(reply.update.message) == {
        "2605.00001": Thumbs("2605.00001", 1, 0),
        "2605.00002": Thumbs("2605.00002"),
    }
    other = await core.ask("vote 2605.00001 down", person=VISITOR, from_message=post.remote_id)
    assert "👍 1 · 👎 1" in plain_text(other.message)


async def test_a_second_press_takes_a_vote_back_and_another_one_changes_it(core: Core) -> None:
    await core.news(a_paper(1))
    assert "👍 1 · 👎 0" in await core.say("vote 2605.00001 up")
    assert "👍 0 · 👎 1" in await core.say("vote 2605.00001 down")
    assert "👍 0 · 👎 0" in await core.say("vote 2605.00001 down")


async def test_votes_count_in_their_channel_only(core: Core) -> None:
    await core.news(a_paper(1))
    await core.say("vote 2605.00001 up", "vision")
    assert "👍 1 · 👎 0" in await core.say("vote 2605.00001 up", "agents")


async def test_a_vote_on_a_message_that_is_none_of_ours_is_answered_in_words(core: Core) -> None:
    await core.news(a_paper(1))
    reply = await core.ask("vote 2605.00001 up", from_message="no post of ours")
    assert reply.update is None
    assert "You voted for" in plain_text(reply.message)


async def test_a_card_has_what_one_does_with_a_paper(core: Core) -> None:
    await core.say("subscribe *")
    await core.news(a_paper(1, abstract="We study diffusion. It works."))
    await core.next_digest()
    (post,) = core.platform.posts
    (listed,) = (block for block in post.message.blocks if isinstance(block, PaperBlock))
    assert [entry.label for entry in listed.menu] == ["Abstract", "Similar", "Save", "Share", "Not this"]
    assert listed.opens
    opened = await core.ask(listed.opens.line)
    assert "We study diffusion. It works." in plain_text(opened.message)
    lines = card_buttons(opened)
    assert list(lines) == ["👍", "👎", "Similar", "Save", "Share", "More like this", "Not this", "Why here?"]
    for line in {*lines.values(), *(entry.line for entry in listed.menu)}:
        assert not (await core.ask(line)).failed


async def test_a_card_for_one_person_takes_its_new_form_when_something_is_pressed(core: Core) -> None:
    await core.say("subscribe *")
    await core.news(a_paper(1))
    for pressed, then in (("Save", "Saved"), ("👍", "👍 1"), ("Saved", "Save")):
        lines = card_buttons(await core.ask("show 2605.00001"))
        reply = await core.ask(lines[pressed])
        assert reply.replaces
        assert then in card_buttons(reply)


async def test_a_role_takes_from_members_what_everybody_may_and_gives_it_to_others(core: Core) -> None:
    member = replace(MANAGER, id="u3", as_member=True)
    admin = replace(MANAGER, may_administer=True)
    editor = replace(VISITOR, id="u4", roles=frozenset({"@editors"}))
    await core.ask("subscribe first", person=member)
    assert "whole workspace" in await core.refused("settings role @editors", person=member)
    assert not (await core.ask("settings role @editors", person=admin)).failed
    assert "may manage this channel" in await core.refused("subscribe second", person=member)
    for person in (editor, admin):
        assert not (await core.ask(f"subscribe {person.id}", "another", person=person)).failed
    assert "role: @editors" in (await core.say("settings"))
    assert not (await core.ask("settings role none", person=admin)).failed
    assert not (await core.ask("subscribe third", person=member)).failed
    assert "may manage this channel" in await core.refused("subscribe fourth", person=editor)
