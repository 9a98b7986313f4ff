"""Who may give which command, and the line that each change leaves in the audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import Address, PlatformName
from bot.commands.registry import Command
from bot.commands.runner import REGISTRY
from bot.errors import StorageError
from bot.messages.plain import plain_text
from bot.people.audit import LONGEST_LINE, AuditLine, Outcome, Via, without_secrets
from bot.platforms.command_calls import CommandCall, Person
from storage.store import SqlStore
from tests.core import MANAGER, Core
from tests.platforms import SimulatedPlatform
from tests.sources import a_paper
from tests.storage.scenes import everything

PAPER = "2605.00001"
#: A person who has logged in to the workspace, as a manager and as a reader.
ADA = Person(id="person-ada", name="ada", may_manage=True, home=PlatformName.WEB)
BOB = replace(ADA, id="person-bob", name="bob", may_manage=False, may_post=False)
#: Who has not logged in, where nobody has to, in a channel of a chat.
SOMEONE = replace(BOB, id="local", name="someone", only_looks=True)
#: A line of each command that changes something; the others are given as their first example, or for a paper.
CHANGES = {
    "subscribe": "subscribe robots", "unsubscribe": "unsubscribe 1", "edit": "edit 1 robots", "merge": "merge 1 2",
    "schedule": "schedule hourly", "timezone": "timezone Europe/Berlin", "settings": "settings limit 7",
    "taste": "taste reset", "configure": "configure --limit 7", "look-back": "look-back 1", "post-back": "post-back 1",
    "mute": f"mute {PAPER} cs.LG", "feed": "feed on", "sources": "sources remove nature", "share": f"share {PAPER}",
    "email": "email add me@lab.example",
}  # fmt: skip
REFUSED = ("Only people who may", "only whoever runs me", "may write in this channel", "who has not logged in")


#: What everybody in a channel shares.
SHARED = ("channels", "subscriptions", "feeds", "channel_feeds", "mail_recipients")


async def shared(store: SqlStore) -> dict[str, list[str]]:
    rows = await everything(store)
    return {name: rows[name] for name in SHARED}


def line_of(command: Command) -> str:
    return CHANGES.get(command.name) or (command.examples[0] if command.examples else f"{command.name} {PAPER}")


async def audit(core: Core) -> list[AuditLine]:
    """All lines, oldest first."""
    return list(reversed(await core.store.audit.lines(limit=1000)))


async def test_a_reader_may_give_every_command_that_changes_nothing_for_others_and_no_other(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    for command in REGISTRY._commands.values():
        changes = command.manages or command.audited
        before = await everything(core.store)
        reply = await core.ask(line_of(command), person=BOB)
        words = plain_text(reply.message)
        assert any(part.lower() in words.lower() for part in REFUSED) == changes, (command.name, words)
        if changes:
            after = await everything(core.store)
            assert {**after, "audit_lines": []} == {**before, "audit_lines": []}, command.name
            assert (await audit(core))[-1].outcome is Outcome.REFUSED, command.name
        before = await everything(core.store)
        given = await core.ask(line_of(command), person=ADA)
        allowed = plain_text(given.message)
        if changes and not given.failed and await shared(core.store) != {name: before[name] for name in SHARED}:
            (last,) = (await audit(core))[-1:]
            assert (last.change.line, last.outcome) == (without_secrets(line_of(command)), Outcome.DONE)
        assert not any(part.lower() in allowed.lower() for part in REFUSED), (command.name, allowed)


async def test_who_has_not_logged_in_changes_nothing_in_a_channel_of_a_chat(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    for line in (f"vote {PAPER} up", f"share {PAPER}", "subscribe robots --for me", "interests add robots", "pause"):
        assert (await core.ask(line, person=SOMEONE)).failed, line
    await core.ask(f"save {PAPER}", person=SOMEONE)
    channel = await core.channel()
    assert await core.store.reading.vote_states([channel.id]) == {}, "what they save is no vote of the channel"


async def test_a_person_of_the_workspace_has_one_list_in_channels_of_all_platforms(core: Core) -> None:
    await core.news(a_paper(1))
    for platform, workspace in ((PlatformName.SLACK, "T1"), (PlatformName.WEB, "local")):
        call = CommandCall(line="saved", address=Address(platform, workspace, "C1"), channel_name="general", person=BOB)
        await core.commands.run(replace(call, line=f"save {PAPER}"))
        assert PAPER in str((await core.commands.run(call)).message.paper_ids)
        assert call.reader.platform is PlatformName.WEB
    assert len((await everything(core.store))["saved_papers"]) == 1


async def test_every_change_leaves_a_line_and_nothing_else_does(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings limit 7")
    await core.say("settings limit")
    await core.say("topics")
    await core.refused("settings limit 0")
    await core.refused("unsubscribe 9")
    await core.refused("pause", person=BOB)
    await core.ask("subscribe robots --for me", person=BOB)
    lines = await audit(core)
    assert [(one.change.line, one.change.name, one.change.via, one.outcome) for one in lines] == [
        ("subscribe diffusion", "Ada", Via.WEB, Outcome.DONE),
        ("settings limit 7", "Ada", Via.WEB, Outcome.DONE),
        ("pause", "bob", Via.WEB, Outcome.REFUSED),
    ]
    assert {one.change.address for one in lines} == {core.address()}
    assert lines[0].change.at == core.clock.now()
    here = await core.store.audit.lines(limit=1, address=core.address())
    assert [one.id for one in here] == [lines[-1].id]
    assert await core.store.audit.lines(limit=9, address=core.address("elsewhere")) == []
    assert await core.store.audit.lines(limit=9, before=lines[0].id) == []


async def test_where_a_change_comes_from_is_said(core: Core) -> None:
    operator = Person(id="local", name="the operator", may_manage=True, runs_the_bot=True)
    for platform in (PlatformName.SLACK, PlatformName.DISCORD):
        core.platforms[platform] = SimulatedPlatform(platform)
    for person, address in (
        (MANAGER, Address(PlatformName.SLACK, "T1", "C1")),
        (MANAGER, Address(PlatformName.DISCORD, "G1", "C1")),
        (ADA, Address(PlatformName.SLACK, "T1", "C1")),
        (operator, Address(PlatformName.SLACK, "T1", "C1")),
    ):
        call = CommandCall(line="timezone Europe/Berlin", address=address, channel_name="general", person=person)
        await core.commands.run(call)
        await core.commands.run(replace(call, line="timezone UTC"))
    assert [line.change.via for line in await audit(core)][::2] == [Via.SLACK, Via.DISCORD, Via.WEB, Via.TERMINAL]


async def test_without_a_line_nothing_is_changed(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    await core.say("subscribe diffusion")

    async def full(*_given: object, **_named: object) -> int:
        raise StorageError("the disk is full")

    monkeypatch.setattr(core.store.audit, "begin", full)
    reply = await core.ask("settings limit 7")
    assert reply.failed
    assert (await core.channel()).settings.limit != 7
    assert "Only people" in await core.refused("pause", person=BOB), "a refusal needs no line"


async def test_old_lines_go_and_so_do_the_oldest_of_too_many(core: Core) -> None:
    for limit in range(3, 9):
        await core.say(f"settings limit {limit}")
        core.clock.advance(days=100)
    store, now = core.store.audit, core.clock.now()
    assert await store.delete_old(now - timedelta(days=450), 100, 500) == 2
    assert await store.delete_old(now - timedelta(days=450), 3, 500) == 1
    assert await store.delete_old(now - timedelta(days=450), 3, 500) == 0
    assert [line.change.line for line in await audit(core)] == [f"settings limit {limit}" for limit in (6, 7, 8)]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("subscribe diffusion -survey author:hinton", None),
        ("subscribe like:2604.13035", None),
        ("subscribe org:nvidia --name “Fast and large”", None),
        ("subscribe similar-to-this-very-long-hyphenated-expression", None),
        ("sources add https://example.org/feeds/machine-learning-and-more.xml", None),
        ("sources add https://a:b@example.org/f?key=abc", "sources add https://example.org/f?…"),
        ("sources add HTTPS://:b@example.org/f#x", "sources add HTTPS://example.org/f?…"),
        ("settings mention https://hooks.slack.com/services/T0/B0/aBc1", "settings mention https://hooks.slack.com/services/…"),
        ("x https://discord.com/api/webhooks/123/aBcD-ef_1", "x https://discord.com/api/webhooks/…"),
        ("x https://example.org/u/8f14e45fceea167a5a36dedd4bea2543/feed", "x https://example.org/u/…/feed"),
        ("email add ada.lovelace@example.org", "email add …@example.org"),
        ("settings mention xoxb-1234-abcdef", "settings mention …"),
        ("x ghp_16C7e42F292c6912E7710c838347Ae178B4a", "x …"),
    ],
)  # fmt: skip
def test_secrets_are_left_out(line: str, kept: str | None) -> None:
    assert without_secrets(line) == (line if kept is None else kept)


@given(st.text(max_size=3000))
def test_any_line_is_kept_in_bounds(line: str) -> None:
    assert len(without_secrets(line)) <= LONGEST_LINE
