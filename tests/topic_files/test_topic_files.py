"""Topics as files: what is exported is what there is, and what is applied is what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.digests.digest import DeliveryState
from bot.errors import StorageError, UserError
from bot.people.audit import Outcome
from bot.topic_files.files import TopicFiles
from bot.topic_files.nodes import TopicFileError
from storage.store import SqlStore
from tests.core import Core
from tests.databases import SQLITE_IS_ENOUGH
from tests.recipients import a_recipient
from tests.sources import a_paper
from tests.topic_files.conftest import files_of
from tests.trouble import Trouble


async def applied(files: TopicFiles, text: str) -> list[str]:
    """Applies a file; returns the diff."""
    plan = await files.plan([("topics.yaml", text)])
    await files.apply(plan)
    return list(plan.diff)


async def refused(files: TopicFiles, text: str) -> str:
    with pytest.raises(UserError) as error:
        await files.plan([("topics.yaml", text)])
    return str(error.value)


async def set_up(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(1, 5)))
    await core.say("subscribe diffusion distillation --min-upvotes 10 --name Fast")
    await core.say('subscribe "language model" OR llm --instant')
    await core.say("subscribe like 2605.00001 ~3/day")
    await core.say("subscribe agents --for me")
    await core.say("schedule mon,thu 17:30")
    await core.say("timezone Europe/Berlin")
    await core.say("settings quiet-days sat,sun,2026-12-24")
    await core.say("settings sources hf")
    await core.say("settings mention @team")
    await core.say("settings abstracts on")
    await core.say("subscribe cat:cs.CL -survey", "reading-group")


async def test_what_is_exported_can_be_applied_elsewhere_and_is_the_same(
    core: Core, files: TopicFiles, tmp_path: Path, migrated_sqlite: Path
) -> None:
    await set_up(core)
    text = await files.export()
    assert "agents" not in text, "a person's own topic"
    assert "min-upvotes: 10" in text
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.write_bytes(migrated_sqlite.read_bytes())
    other = SqlStore(f"sqlite:///{elsewhere}")
    there = Core(other, tmp_path / "other-index")
    try:
        diff = await applied(files_of(there), text)
        assert "+- channel: web/local/general" in diff
        assert await files_of(there).export() == text
        assert await applied(files_of(there), text) == []
        models = [topic.models for topic in await other.subscriptions.of_channel((await there.channel()).id)]
        assert models == [
            topic.models for topic in await core.store.subscriptions.of_channel((await core.channel()).id)
        ]
    finally:
        await there.index.close()
        await other.close()


async def test_what_stays_keeps_its_number_and_what_it_brought(core: Core, files: TopicFiles) -> None:
    await core.say("subscribe diffusion")
    await core.say("subscribe agents --name Agents")
    await core.say("subscribe robots")
    await core.news(a_paper(1))
    channel = await core.channel()
    before = {topic.query: topic for topic in await core.store.subscriptions.of_channel(channel.id)}
    waiting = [one.paper.id for one in await core.store.digests.waiting(channel.id)]
    assert waiting
    diff = await applied(
        files,
        """channels:
- channel: general  # by its name
  topics:
  - query: quantum*
  - query: agents -survey   # the name says which one it was
    name: Agents
    instant: yes
  - {query: diffusion}
""",
    )
    assert sorted(line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")) == [
        "+    instant: true",
        "+  - query: agents -survey",
        "+  - query: quantum*",
        "-  - query: agents",
        "-  - query: robots",
    ]
    after = await core.store.subscriptions.of_channel(channel.id)
    assert [(topic.number, topic.query, topic.name, topic.instant) for topic in after] == [
        (1, "diffusion", "", False),
        (2, "agents -survey", "Agents", True),
        (4, "quantum*", "", False),
    ]
    assert after[0] == before["diffusion"]
    assert after[1].id == before["agents"].id
    assert [one.paper.id for one in await core.store.digests.waiting(channel.id)] == waiting
    lines = await core.store.audit.lines(limit=1)
    assert "1 topic added, 1 topic changed, 1 topic removed" in lines[0].change.line
    assert lines[0].outcome is Outcome.DONE


async def test_what_is_not_named_stays(core: Core, files: TopicFiles) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings limit 7")
    await core.say("subscribe agents", "other")
    await applied(files, "channels:\n- channel: web/general\n  settings: {style: cards}\n")
    channel = await core.channel()
    assert (channel.settings.limit, channel.settings.style) == (7, "cards")
    assert [one.query for one in await core.store.subscriptions.of_channel(channel.id)] == ["diffusion"]
    await applied(files, "channels:\n- channel: web/general\n  topics: []\n")
    assert await core.store.subscriptions.of_channel(channel.id) == []
    other = await core.channel("other")
    assert [one.query for one in await core.store.subscriptions.of_channel(other.id)] == ["agents"]


async def test_a_new_topic_brings_nothing_old_and_then_what_is_new(core: Core, files: TopicFiles) -> None:
    await core.news(a_paper(1))
    await applied(
        files, "channels:\n- channel: web/new-one\n  schedule: daily 09:00\n  topics:\n  - query: diffusion\n"
    )
    await core.news(a_paper(2))
    channel = await core.channel("new-one")
    assert [one.paper.id for one in await core.store.digests.waiting(channel.id)] == [a_paper(2).id]
    assert channel.next_digest_at is not None
    await core.next_digest("new-one")
    delivered = await core.store.digests.delivered_ids(channel.id, [a_paper(1).id, a_paper(2).id])
    assert list(delivered) == [a_paper(2).id]
    assert DeliveryState.POSTED


@SQLITE_IS_ENOUGH
async def test_every_mistake_is_told_with_its_place_and_nothing_is_changed(core: Core, files: TopicFiles) -> None:
    await core.say("subscribe diffusion")
    before = await files.export()
    told = await refused(
        files,
        """channels:
- channel: web/general
  schedul: daily 09:00
- channel: nowhere
- channel: web/a
  schedule: sometimes
  timezone: Europe/Berlim
  settings:
    limit: 500
    style: cads
  topics:
  - query: diffusion (
  - query: agents
    min-upvotes: many
  - query: robots
  - query: robots
  - query: robot
- channel: slack/T1/C1
  settings: {mention: everybody}
- channel: web/a
""",
    )
    lines = told.splitlines()
    assert lines[-1] == "Nothing was changed."
    starts = sorted(tuple(map(int, line.split(":")[1:3])) for line in lines[:-1])
    assert starts == [
        (3, 3), (4, 12), (6, 13), (7, 13), (9, 12), (10, 12),
        (12, 23), (14, 18), (16, 12), (17, 12), (19, 23), (20, 12),
    ]  # fmt: skip
    assert all(line.startswith("topics.yaml:") for line in lines[:-1])
    for part in (
        "no `schedul` in a channel. Did you mean `schedule`?",
        "no channel `nowhere`",
        "`limit` is a number from 1 to 50",
        "Did you mean `cards`?",
        "Europe/Berlin",
        "“many” does not fit MIN-UPVOTES",
        "web/local/a is named twice: it stands in topics.yaml:5",
        "finds the same as the one in line 15",
    ):
        assert part in told, part
    assert await files.export() == before
    assert not [line for line in await core.store.audit.lines(limit=5) if "apply" in line.change.line]


@SQLITE_IS_ENOUGH
async def test_a_file_is_applied_whole_or_not_at_all(core: Core, files: TopicFiles) -> None:
    await core.say("subscribe diffusion")
    await core.say("subscribe agents", "other")
    text = """channels:
- channel: general
  schedule: daily 07:00
  topics: [{query: robots}, {query: diffusion, name: D}]
- channel: other
  settings: {limit: 3}
  topics: []
- channel: web/third
  topics: [{query: quantum}]
"""
    before = await files.export()
    for at in range(200):
        plan = await files.plan([("f", text)])
        trouble = Trouble(core.store.database, at)
        try:
            await files.apply(plan)
        except StorageError as error:
            trouble.end()
            after = await files.export()
            assert after == before or at > 10, error
            if after != before:
                break
        else:
            trouble.end()
            break
    assert at > 5
    done = await files.export()
    assert "web/local/third" in done
    assert "quantum" in done
    assert "agents" not in done
    assert await applied(files, text) == []


@SQLITE_IS_ENOUGH
async def test_what_was_changed_meanwhile_is_not_overwritten(core: Core, files: TopicFiles) -> None:
    await core.say("subscribe diffusion")
    plan = await files.plan([("f", "channels: [{channel: general, topics: [{query: robots}]}]")])
    await core.say("subscribe agents")
    with pytest.raises(UserError, match="changed in the meantime"):
        await files.apply(plan)
    assert "robots" not in await files.export()


@SQLITE_IS_ENOUGH
async def test_a_file_that_is_brought_up_to_date_keeps_what_people_wrote(core: Core, files: TopicFiles) -> None:
    await set_up(core)
    await core.say("subscribe robots")
    text = """\
# Ours. Ask Ada first.
channels:

# The main one
- channel: general   # not random
  schedule: 'mon, thu 17:30'
  timezone: UTC      # Berlin?
  topics:
  # what we are here for
  - query: distillation diffusion   # both
    name: "Fast"
    min-upvotes: 5   # enough

  - query: nothing we have
    name: gone
  # robots, too
  - query: robots
    instant: true

# The others
- channel: web/reading-group
  topics: [{query: a*b}]   # all

# the end
"""
    text = text.replace("a*b", "cat:cs.CL -survey")
    new = await files.update("f", text)
    kept = [line.partition("#")[2] for line in text.split("\n") if "#" in line]
    at = -1
    for comment in kept:
        at = new.index(comment, at + 1)
    assert "schedule: 'mon, thu 17:30'" in new
    assert "query: distillation diffusion   # both" in new
    assert "timezone: Europe/Berlin      # Berlin?" in new
    assert "min-upvotes: 10   # enough" in new
    assert "[{query: cat:cs.CL -survey}]   # all" in new
    assert "nothing we have" not in new
    assert '"language model" OR llm' in new
    assert "    instant: true\n\n" not in new
    assert await files.update("f", new) == new
    assert await applied(files, new) == []


@SQLITE_IS_ENOUGH
@pytest.mark.parametrize(
    "text",
    [
        "channels: []\n",
        "channels:\n",
        "channels: [{channel: general, topics: []}]\n",
        "channels:\n- {channel: general, topics: [{query: agents}]}\n",
        "channels:\n  - channel: general\n    settings: {limit: 3}\n    topics: []",
        "channels:\n  -   channel: general\n      settings:\n      topics:\n",
        "channels:\n- topics:\n    - name: x\n      query: agents\n  channel: general",
        "channels:\n- channel: general\n  settings:\n    quiet-days:\n    - sat\n    - sun\n    sources: [hf, arxiv]\n",
        "# only a comment\n",
        "",
        "version: 1\n",
        "channels:\n- channel: web/gone\n  topics:\n  - query: agents\n",
        "channels:\r\n- channel: general\r\n  # comment\r\n  schedule: daily 10:00\r\n",
    ],
)
async def test_a_file_in_any_form_is_brought_up_to_date(core: Core, files: TopicFiles, text: str) -> None:
    await set_up(core)
    new = await files.update("f", text)
    assert await applied(files, new) == [], new
    assert "web/gone" not in new
    assert await files.update("f", new) == new
    await core.say("unsubscribe 1")
    await core.say("unsubscribe 2")
    await core.say("unsubscribe 3")
    newer = await files.update("f", new)
    assert await applied(files, newer) == [], newer
    assert "diffusion" not in newer


@SQLITE_IS_ENOUGH
async def test_only_named_channels_are_exported(core: Core, files: TopicFiles) -> None:
    await set_up(core)
    text = await files.export(["reading-group"])
    assert text.count("- channel:") == 1
    await core.say("subscribe quantum", "reading-group")
    whole = await files.update("f", await files.export(), ["reading-group"])
    assert "quantum" in whole
    assert whole.count("- channel:") == 2
    with pytest.raises(UserError, match="no channel"):
        await files.export(["nowhere"])


@SQLITE_IS_ENOUGH
async def test_examples_without_a_model_are_decided_when_they_are_applied(core: Core, files: TopicFiles) -> None:
    await core.news(*(a_paper(number) for number in range(1, 5)))
    text = "channels: [{channel: web/general, topics: [{query: 'like:2605.00001~3/day'}]}]"
    await applied(files, text)
    (topic,) = await core.store.subscriptions.of_channel((await core.channel()).id)
    assert topic.models
    assert await applied(files, text) == []
    told = await refused(files, (await files.export()).replace("weights: >-\n", "weights: >-\n        zz=99999\n"))
    assert "too large" in told
    with pytest.raises(TopicFileError, match="no part of the query"):
        await files.plan(
            [("f", (await files.export()).replace("query: like:2605.00001~3/day", "query: like:2605.00002"))]
        )


async def test_addresses_of_mail_are_no_channels_of_files(core: Core, files: TopicFiles) -> None:
    await core.say("subscribe diffusion")
    wanted = a_recipient(await core.channel())
    await core.store.recipients.ask(wanted, core.clock.now())
    assert "email" not in await files.export()
    text = f"channels:\n- channel: email/mail/{wanted.key}\n  topics: [{{query: agents}}]\n"
    assert "is no channel" in await refused(files, text)


async def test_what_goes_out_between_the_plan_and_its_end_goes_out_once(core: Core, files: TopicFiles) -> None:
    await core.say("subscribe diffusion")
    await core.say("schedule daily 12:30")
    text = await files.export()
    plan = await files.plan([("topics.yaml", text.replace("limit: 20", "limit: 10"))])
    later = await files.plan([("topics.yaml", text.replace("12:30", "13:00"))])
    await core.next_digest()
    tomorrow = (await core.channel()).next_digest_at
    await files.apply(plan)
    assert (await core.channel()).next_digest_at == tomorrow
    await core.say("settings limit 20")
    core.clock.advance(hours=1)
    await files.apply(later)
    assert (await core.channel()).next_digest_at == core.clock.now().replace(day=13, hour=13, minute=0)
