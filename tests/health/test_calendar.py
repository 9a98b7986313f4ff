"""Digests that come, as whoever runs the bot reads of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.digests import calendar
from bot.digests.spreading import place_of
from bot.health.document import document_of
from bot.health.wording import lines_of
from tests.core import Core
from tests.sources import a_paper


async def test_status_and_health_name_the_first_digests_and_what_waits_for_them(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("timezone Europe/Berlin")
    await core.say("subscribe hares", "vision")
    await core.say("schedule hourly", "vision")
    await core.say("subscribe hares", "silent")
    await core.say("pause", "silent")
    await core.news(a_paper(1), a_paper(2))
    report = await core.health.report()
    coming = {one.channel.name: one for one in reversed(report.coming)}
    assert set(coming) == {"general", "vision"}
    assert coming["vision"].waiting == 0
    assert len(report.coming) == calendar.MOST_COMING
    assert [one.at for one in report.coming] == sorted(one.at for one in report.coming)
    assert (coming["general"].waiting, coming["general"].at) == (2, (await core.channel()).next_digest_at)
    local = [words for what, words in lines_of(report) if what == "coming" and "#general" in words]
    assert "09:00 Europe/Berlin" in local[0]
    assert "2 papers so far" in local[0]
    document = document_of(report)
    assert len(document["digests_coming"]) == calendar.MOST_COMING
    assert "Digests of the next 24 hours: " in await core.say("status", "vision")


async def test_a_digest_that_is_spread_is_named_with_its_turn(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "CROWD", 2)
    await core.say("subscribe diffusion")
    await core.say("subscribe diffusion", "vision")
    for name in ("general", "vision"):
        await core.say("schedule daily 09:00", name)
    channel = await core.channel()
    assert channel.next_digest_at is not None
    spread = timedelta(minutes=5)
    coming = await calendar.Calendar(core.store.digests, spread).coming(core.clock.now())
    turns = {one.channel.id: one.at for one in coming}
    assert turns[channel.id] == channel.next_digest_at + place_of(channel.id, spread)
    assert len(set(turns.values())) == 2
