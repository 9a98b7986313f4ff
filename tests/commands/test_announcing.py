"""The channel reads who changed what, where it wants to, or where it is shared with others."""

from __future__ import annotations

import pytest

from bot.messages.plain import plain_text
from bot.platforms.command_calls import Person
from tests.sources import a_paper
from tests.town import Town


async def announced(town: Town) -> list[str]:
    await town.engine.deliver()
    return [plain_text(post.message) for post in town.platform.posts]


async def test_a_shared_channel_reads_who_changed_what(town: Town) -> None:
    town.platform.shared.add("general")
    await town.say("subscribe diffusion")
    await town.say("unsubscribe 1")
    lines = await announced(town)
    assert len(lines) == 2
    assert all(line.startswith("Ada: Topic 1") for line in lines)
    assert "removed" in lines[1]


async def test_other_channels_read_it_where_they_want_to(town: Town) -> None:
    await town.say("subscribe diffusion")
    assert await announced(town) == []
    await town.say("settings announce-changes on")
    await town.say("schedule hourly")
    assert [line.split()[0] for line in await announced(town)] == ["Ada:", "Ada:"]
    town.platform.shared.add("general")
    await town.say("settings announce-changes off")
    await town.say("schedule daily 09:00")
    assert len(await announced(town)) == 2


async def test_what_only_shows_or_fails_is_not_announced(town: Town) -> None:
    town.platform.shared.add("general")
    await town.say("subscribe diffusion")
    await town.news(a_paper(1))
    for line in ("settings", "settings limit", "topics", "search diffusion", "preview", "status"):
        await town.say(line)
    await town.refused("subscribe diffusion")
    await town.refused("settings limit 999")
    await town.refused("unsubscribe 1", person=Person(id="u2", name="Bob"))
    assert len(await announced(town)) == 1


async def test_a_line_pings_nobody(town: Town) -> None:
    town.platform.shared.add("general")
    hostile = Person(id="u1", name="<!channel> @everyone", may_manage=True)
    await town.ask("subscribe diffusion", person=hostile)
    await town.engine.deliver()
    (post,) = town.platform.posts
    assert not post.message.mention


@pytest.mark.parametrize("value", ["maybe", "1"])
async def test_another_value_is_explained(town: Town, value: str) -> None:
    assert "announce-changes" in await town.refused(f"settings announce-changes {value}")
