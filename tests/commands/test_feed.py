"""The feed command: who is told the address of a channel's feed, and where it is kept."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from bot.messages.plain import plain_text
from tests.core import VISITOR, Core


async def test_only_managers_are_told_the_address_and_nothing_keeps_it(core: Core) -> None:
    await core.say("settings announce-changes on")
    await core.refused("feed on", person=VISITOR)
    reply = await core.ask("feed on")
    assert reply.ephemeral
    secret = reply.message.summary.partition("/feeds/")[2].removesuffix(".atom")
    assert len(secret) >= 32
    for line in ("feed", "settings", "settings feed"):
        assert secret not in await core.say(line)
    assert "was shown when it was made" in await core.say("feed on")
    async with core.store.database.read() as connection:
        for table in ("channel_feeds", "audit_lines", "posts"):
            rows = (await connection.execute(text(f"SELECT * FROM {table}"))).all()
            assert rows
            assert secret not in str(rows), table
    assert "Atom feed" in plain_text((await core.ask("feed", person=VISITOR)).message)


async def test_the_address_is_not_told_where_others_read_the_answer(core: Core) -> None:
    reply = await core.commands.run(replace(core.call("feed on"), public=True))
    assert reply.failed
    assert "/feeds/" not in plain_text(reply.message)
    assert "no feed" in await core.say("feed")


async def test_a_feed_can_be_set_like_a_setting(core: Core) -> None:
    assert "an entry for each digest" in await core.say("settings feed on digests")
    assert "feed: on" in await core.say("settings")
    assert "`on`, `off` or `new`" in await core.refused("settings feed maybe")
    assert "is off" in await core.say("settings feed off")
    assert "feed: off" in await core.say("settings")
