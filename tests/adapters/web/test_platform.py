"""The web workspace as a platform: sending, looking up, telling, and what it calls a channel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.addresses import address_of
from adapters.web.platform import PAPERS_PER_MESSAGE
from bot.channels.channel import Address, PlatformName, Style
from bot.channels.names import LONGEST_CHANNEL_NAME, channel_name_of
from bot.errors import StorageError, UserError
from bot.platforms.outcomes import Outgoing, Rejected, Retry, Sent
from tests.adapters.web.workspace import NOW, RunningWorkspace, says
from tests.platforms import around

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_sending_the_same_key_twice_posts_once(workspace: RunningWorkspace) -> None:
    outgoing = Outgoing(address=address_of("general"), message=says("Once"), key="the-key")
    first = await workspace.platform.send(outgoing)
    assert await workspace.platform.send(outgoing) == first
    page = await workspace.platform.page("general", before=None, limit=10)
    assert [each.message.summary for each in page.messages] == ["Once"]


@pytest.mark.parametrize(
    ("address", "reply_to"),
    [
        (Address(PlatformName.SLACK, "local", "general"), None),
        (Address(PlatformName.WEB, "elsewhere", "general"), None),
        (address_of("general"), "1700000000.000100"),
        (address_of("general"), "²"),
    ],
)
async def test_what_can_never_be_sent_is_rejected(
    workspace: RunningWorkspace, address: Address, reply_to: str | None
) -> None:
    outgoing = Outgoing(address=address, message=says("Lost"), key="lost", reply_to=reply_to)
    assert isinstance(await workspace.platform.send(outgoing), Rejected)
    assert await workspace.platform.last_id() == 0


async def test_a_database_that_fails_means_to_try_again(workspace: RunningWorkspace) -> None:
    outgoing = Outgoing(address=address_of("general"), message=says("Later"), key="later")
    async with workspace.store.database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE web_messages RENAME TO hidden_messages")
    try:
        with pytest.raises(StorageError):
            await workspace.platform.last_id()
        assert isinstance(await workspace.platform.send(outgoing), Retry)
        # Told to be unknowable, it would be taken for sent.
        assert isinstance(await workspace.platform.look_up(outgoing, around(NOW)), Retry)
        assert not await workspace.platform.tell(address_of("general"), "local", says("Hello"))
    finally:
        async with workspace.store.database.write() as connection:
            await connection.exec_driver_sql("ALTER TABLE hidden_messages RENAME TO web_messages")
    assert isinstance(await workspace.platform.send(outgoing), Sent)


async def test_what_somebody_is_told_stands_in_the_channel(workspace: RunningWorkspace) -> None:
    assert await workspace.platform.tell(address_of("vision"), "local", says("This channel was paused."))
    page = await workspace.platform.page("vision", before=None, limit=10)
    assert [each.message.summary for each in page.messages] == ["This channel was paused."]


async def test_a_page_holds_so_many_threads_with_all_replies(workspace: RunningWorkspace) -> None:
    heads = [await workspace.post(says(f"Head {number}")) for number in range(5)]
    for head in heads:
        await workspace.post(says(f"Reply to {head}"), reply_to=head)
    newest = await workspace.platform.page("general", before=None, limit=2)
    assert newest.earlier == int(heads[3])
    assert [each.id for each in newest.messages if each.reply_to is None] == [int(heads[3]), int(heads[4])]
    assert [each.reply_to for each in newest.messages if each.reply_to] == [int(heads[3]), int(heads[4])]
    before = await workspace.platform.page("general", before=newest.earlier, limit=2)
    assert [each.id for each in before.messages if each.reply_to is None] == [int(heads[1]), int(heads[2])]
    first = await workspace.platform.page("general", before=before.earlier, limit=2)
    assert first.earlier is None


async def test_the_latest_ids_follow_the_log(workspace: RunningWorkspace) -> None:
    assert await workspace.platform.latest_ids(["general", "vision"]) == {"general": 0, "vision": 0}
    first = await workspace.post(says("One"))
    second = await workspace.post(says("Two"), channel="vision")
    assert await workspace.platform.latest_ids(["general", "vision"]) == {"general": int(first), "vision": int(second)}
    reply = await workspace.post(says("A reply"), reply_to=first)
    assert await workspace.platform.latest_ids(["general", "vision"]) == {"general": int(reply), "vision": int(second)}


async def test_it_has_no_limits_of_a_chat_service(workspace: RunningWorkspace) -> None:
    assert workspace.platform.name is PlatformName.WEB
    assert workspace.platform.channel_interval == 0
    assert workspace.platform.papers_per_message(Style.CARDS, abstracts=True) == PAPERS_PER_MESSAGE


async def test_a_mention_is_any_short_name(workspace: RunningWorkspace) -> None:
    assert workspace.platform.parse_mention("  @reading   group ") == "@reading group"
    for bad in ("", "   ", "@team\x07", "@" + "x" * 80):
        with pytest.raises(UserError):
            workspace.platform.parse_mention(bad)


@pytest.mark.parametrize(
    ("written", "name"),
    [("#General", "general"), (" Machine  Learning ", "machine-learning"), ("équipe-nlp", "équipe-nlp"), ("3d", "3d")],
)
async def test_a_channel_name_is_read_as_meant(written: str, name: str) -> None:
    assert channel_name_of(written) == name


@pytest.mark.parametrize("written", ["", "#", "a/b", "../etc", "-a", "_", "a?b", "<b>", "x" * 41, "a\u202eb", "a.b"])
async def test_what_is_no_channel_name_gets_a_sentence(written: str) -> None:
    with pytest.raises(UserError, match=r"\.$"):
        channel_name_of(written)


@given(st.text(max_size=60))
async def test_a_channel_name_stays_itself_and_is_one_segment_of_a_path(written: str) -> None:
    try:
        name = channel_name_of(written)
    except UserError:
        return
    assert channel_name_of(name) == name
    assert 0 < len(name) <= LONGEST_CHANNEL_NAME
    assert not set(name) & set("/?#%&<>\"'\\ .")
