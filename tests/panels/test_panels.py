"""What stands beside a channel: topics with their figures, settings as a form, the reading list, and health."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from bot.errors import UserError
from bot.panels.health import outcome_of
from bot.panels.schedule_form import DAYS, ScheduleForm, ScheduleKind, form_of_schedule
from bot.panels.settings import changes_line
from bot.papers.sources import ARXIV, HUGGINGFACE
from bot.posting.post import DigestRecord, PostState
from bot.schedules.parsing import parse_schedule
from tests.core import VISITOR, Core
from tests.platforms import Fault
from tests.sources import a_paper


async def test_topics_come_with_what_they_brought_and_how_it_was_liked(core: Core) -> None:
    await core.say("subscribe title:turtles --name Swimmers")
    await core.say("subscribe title:hares")
    await core.news(a_paper(1, title="Turtles"), a_paper(2, title="More turtles"))
    await core.next_digest()
    for line in ("vote 2605.00001 up", "vote 2605.00002 down"):
        await core.say(line)
    await core.ask("vote 2605.00001 up", person=VISITOR)
    swimmers, hares = await core.panels.topics(await core.channel())
    assert (swimmers.topic.title, swimmers.figures.brought) == ("Swimmers", 2)
    assert swimmers.by_day[-1] == 2
    assert len(swimmers.by_day) == 30
    assert swimmers.pace == "0.5 a week"
    assert swimmers.liked == "67 % of 3 votes"
    assert (hares.pace, hares.liked, sum(hares.by_day)) == ("nothing yet", "", 0)


async def test_topics_cost_the_same_statements_however_many_they_are(core: Core) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "subscriptions" in statement or "deliveries" in statement:
            asked.append(statement)

    await core.say("subscribe turtles")
    event.listen(core.store.database.engine.sync_engine, "before_cursor_execute", note)
    await core.panels.topics(await core.channel())
    first = len(asked)
    for number in range(20):
        await core.say(f"subscribe hares{number}")
    asked.clear()
    assert len(await core.panels.topics(await core.channel())) == 21
    assert len(asked) == first == 3


async def test_the_form_shows_what_is_set_and_stands_for_one_command(core: Core) -> None:
    await core.say("schedule mon,thu 17:30")
    await core.say("settings sources arxiv")
    form = await core.panels.settings(await core.channel())
    assert form.schedule == ScheduleForm(
        kind=ScheduleKind.DAYS, time="17:30", days=["mon", "thu"], words="mon,thu 17:30"
    )
    assert {(one.name, one.chosen) for one in form.sources} == {(ARXIV, True), (HUGGINGFACE, False)}
    assert not form.all_sources
    line = changes_line(form.values, {**form.values, "limit": "7", "schedule": "daily 08:00", "quiet-days": ""})
    await core.say(line)
    changed = await core.channel()
    assert (changed.settings.limit, changed.schedule) == (7, "daily 08:00")
    assert changed.settings.sources == frozenset({ARXIV})
    assert changes_line(form.values, form.values) == ""


async def test_several_mistakes_in_a_form_are_all_told_and_nothing_is_changed(core: Core) -> None:
    await core.say("subscribe turtles")
    before = await core.channel()
    form = await core.panels.settings(before)
    line = changes_line(form.values, {"limit": "many", "timezone": "nowhere", "style": "cards"})
    reply = await core.ask(line)
    assert set(reply.mistakes) == {"limit", "timezone"}
    assert await core.channel() == before


@given(st.sampled_from(["instant", "hourly", "daily 09:05", "weekdays 23:00", "sat,sun 00:00", "monthly 3 10:00"]))
def test_a_form_of_a_schedule_stands_for_that_schedule(schedule: str) -> None:
    assert parse_schedule(form_of_schedule(schedule).written) == parse_schedule(schedule)


@given(st.sets(st.sampled_from(DAYS), min_size=1), st.times())
def test_days_and_a_time_are_a_schedule(days: set[str], at: object) -> None:
    form = ScheduleForm(kind=ScheduleKind.DAYS, days=sorted(days), time=f"{at:%H:%M}")
    again = form_of_schedule(parse_schedule(form.written).text)
    assert parse_schedule(again.written) == parse_schedule(form.written)


async def test_a_list_is_paged_and_searched_and_exported(core: Core) -> None:
    await core.news(*(a_paper(number, title="Hares" if number == 7 else "Turtles") for number in range(1, 31)))
    for number in range(1, 31):
        await core.say(f"save 2605.{number:05}")
    page = await core.panels.saved(core.call(), "", 2)
    assert (page.total, page.found, page.page, page.pages, len(page.entries)) == (30, 30, 2, 2, 10)
    found = await core.panels.saved(core.call(), "title:hares", 1)
    assert [entry.paper.title for entry in found.entries] == ["Hares"]
    assert found.found == 1
    assert [paper.title for paper in await core.panels.saved_papers(core.call(), "title:hares")] == ["Hares"]
    assert len(await core.panels.saved_papers(core.call(), "")) == 30
    assert (await core.panels.saved(core.call(person=VISITOR), "", 1)).total == 0
    with pytest.raises(UserError):
        await core.panels.saved(core.call(), "cat:nonsense", 1)
    assert "1 paper found" in await core.say("saved --find title:hares")
    assert "@misc" in await core.say('saved bibtex --find "title:hares"')
    assert "Nothing on your list" in await core.say("saved --find nothing")


async def test_health_says_what_waits_and_what_became_of_digests(core: Core) -> None:
    await core.say("subscribe turtles")
    await core.news(a_paper(1, title="Turtles"))
    health = await core.panels.health(await core.channel())
    assert (health.waiting, health.digests) == (1, [])
    assert "next digest" in "".join(span.text for span in health.next)
    await core.next_digest()
    health = await core.panels.health(await core.channel())
    (record,) = health.digests
    assert (health.waiting, outcome_of(record), record.digest.total) == (0, "posted", 1)
    await core.store.channels.break_channels(core.address(), "Not in the channel.", whole_workspace=False)
    broken = await core.panels.health(await core.channel())
    assert "Not in the channel." in "".join(span.text for span in broken.next)


async def test_a_message_that_was_given_up_can_be_tried_again(core: Core) -> None:
    await core.say("subscribe turtles")
    core.platform.fail("general", Fault.REJECTED)
    await core.news(a_paper(1, title="Turtles"))
    await core.next_digest()
    health = await core.panels.health(await core.channel())
    (lost,) = health.lost
    assert lost.error
    assert outcome_of(health.digests[0]) == "not posted"
    await core.say(f"retry {lost.id}")
    await core.engine.deliver()
    health = await core.panels.health(await core.channel())
    assert (health.lost, outcome_of(health.digests[0])) == ([], "posted")


async def test_a_digest_in_parts_is_told_in_parts(core: Core) -> None:
    await core.say("subscribe turtles")
    await core.news(a_paper(1, title="Turtles"))
    await core.next_digest()
    (record,) = (await core.panels.health(await core.channel())).digests
    for posts, said in (
        ({PostState.FAILED: 2}, "not posted"),
        ({PostState.SENT: 1, PostState.PENDING: 1}, "1 of 2 messages posted, 1 message on the way"),
        ({PostState.SENT: 2, PostState.FAILED: 1}, "2 of 3 messages posted, 1 given up"),
    ):
        one = DigestRecord(
            digest=record.digest,
            planned_at=record.planned_at,
            posts=posts,
            error="",
            posted_at=record.planned_at + timedelta(seconds=1),
        )
        assert outcome_of(one) == said
