"""The channel reads who changed what, where it wants to, or where it is shared with others."""

from __future__ import annotations

import pytest

from bot.messages.plain import plain_text
from bot.platforms.command_calls import Person
from tests.core import Core
from tests.sources import a_paper


async def announced(core: Core) -> list[str]:
    await core.engine.deliver()
    return [plain_text(post.message) for post in core.platform.posts]


async def test_a_shared_channel_reads_who_changed_what(core: Core) -> None:
    core.platform.shared.add("general")
    await core.say("subscribe diffusion")
    await core.say("unsubscribe 1")
    lines = await announced(core)
    assert len(lines) == 2
    assert all(line.startswith("Ada: Topic 1") for line in lines)
    assert "removed" in lines[1]


async def test_other_channels_read_it_where_they_want_to(core: Core) -> None:
    await core.say("subscribe diffusion")
    assert await announced(core) == []
    await core.say("settings announce-changes on")
    await core.say("schedule hourly")
    assert [line.split()[0] for line in await announced(core)] == ["Ada:", "Ada:"]
    core.platform.shared.add("general")
    await core.say("settings announce-changes off")
    await core.say("schedule daily 09:00")
    assert len(await announced(core)) == 2


async def test_what_only_shows_or_fails_is_not_announced(core: Core) -> None:
    core.platform.shared.add("general")
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    for line in ("settings", "settings limit", "topics", "search diffusion", "preview", "status"):
        await core.say(line)
    await core.refused("subscribe diffusion")
    await core.refused("settings limit 999")
    await core.refused("unsubscribe 1", person=Person(id="u2", name="Bob"))
    assert len(await announced(core)) == 1


async def test_a_line_pings_nobody(core: Core) -> None:
    core.platform.shared.add("general")
    hostile = Person(id="u1", name="<!channel> @everyone", may_manage=True)
    await core.ask("subscribe diffusion", person=hostile)
    await core.engine.deliver()
    (post,) = core.platform.posts
    assert not post.message.mention


@pytest.mark.parametrize("value", ["maybe", "1"])
async def test_another_value_is_explained(core: Core, value: str) -> None:
    assert "announce-changes" in await core.refused(f"settings announce-changes {value}")
