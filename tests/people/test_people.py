"""Accounts, passwords, invitations and sessions on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from adapters.web.people.passwords import Argon2Hasher
from bot.channels.channel import PlatformName
from bot.errors import UserError
from bot.people.account import LOCAL_PERSON, OWNER, Role, account_name
from bot.people.audit import Outcome
from bot.people.people import INVITATION_LENGTH, SEEN_EVERY, SESSION_IDLE, SESSION_LENGTH, People
from bot.people.record import TERMINAL, Record
from bot.people.tokens import token_key
from bot.reading.lists import Reader
from storage.people.people import MOST_SESSIONS
from storage.store import SqlStore
from storage.stored_times import SqlStoredTimes
from tests.clocks import NOON, SettableClock
from tests.passwords import quick_hasher
from tests.storage.scenes import listed, paper
from tests.trouble import Trouble

PASSWORD, OTHER = "correct horse battery", "staple and so on"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def people(store: SqlStore, clock: SettableClock) -> People:
    return People(store.people, Record(store.audit, clock), quick_hasher(), clock)


async def said(store: SqlStore) -> list[tuple[str, Outcome]]:
    """The audit, oldest first."""
    return [(line.change.line, line.outcome) for line in reversed(await store.audit.lines(limit=100))]


async def test_names_are_one_whatever_their_case_and_form(store: SqlStore, people: People) -> None:
    ada = await people.add("  Ada ", Role.MANAGER, by=TERMINAL, password=PASSWORD)
    assert ada.name == "ada"
    with pytest.raises(UserError, match="somebody called ada already"):
        await people.add("ＡＤＡ", Role.READER, by=TERMINAL)
    assert await people.with_password("ADA", PASSWORD) == ada
    for wrong in ("", "a b", "<script>", "-x", "a" * 81, "owner"):
        with pytest.raises(UserError):
            await people.add(wrong, Role.READER, by=TERMINAL)
    assert account_name("ada@example.org") == "ada@example.org"
    await people.add("bob@example.org", Role.READER, by=TERMINAL)
    assert (await said(store))[-1][0] == "people add bob@example.org --role reader"


async def test_a_password_fits_its_name_alone(people: People) -> None:
    await people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
    await people.add("bob", Role.READER, by=TERMINAL)
    for name, password in (("ada", OTHER), ("bob", PASSWORD), ("bob", ""), ("eve", PASSWORD), ("", PASSWORD)):
        assert await people.with_password(name, password) is None, name
    for weak in ("short", "aaaaaaaaaaaa", "x" * 1001):
        with pytest.raises(UserError):
            await people.add("carl", Role.READER, by=TERMINAL, password=weak)


async def test_a_hash_is_renewed_when_it_is_made_with_less_care_than_one_would_be_now(
    store: SqlStore, people: People, clock: SettableClock
) -> None:
    ada = await people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
    careful = Argon2Hasher(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    later = People(store.people, Record(store.audit, clock), careful, clock)
    token = await people.begin_session(ada, "a browser")
    assert await later.with_password("ada", PASSWORD)
    renewed = await people.named("ada")
    assert "t=2" in renewed.password
    assert renewed.password != ada.password
    assert await people.session(token), "the password is the same, so nobody is logged out"


async def test_the_setting_is_the_password_of_owner(store: SqlStore, people: People) -> None:
    await people.follow_setting(PASSWORD)
    owner = await people.with_password("", PASSWORD)
    assert owner is not None
    assert (owner.name, owner.role, owner.reader) == (OWNER, Role.MANAGER, LOCAL_PERSON)
    token = await people.begin_session(owner, "")
    await people.follow_setting(PASSWORD)
    assert await people.session(token), "the same setting changes nothing"
    with pytest.raises(UserError, match="PAPERROUND_WEB_PASSWORD"):
        await people.set_password(owner, OTHER, by=TERMINAL)
    await people.follow_setting(OTHER)
    assert await people.session(token) is None
    assert await people.with_password(OWNER, PASSWORD) is None
    await people.add("bob", Role.READER, by=TERMINAL)
    await people.follow_setting("")
    assert await people.with_password(OWNER, OTHER) is None
    assert [account.name for account in await people.accounts()] == ["bob"]


async def test_the_first_manager_takes_over_the_lists_of_everybody(store: SqlStore, people: People) -> None:
    with pytest.raises(UserError, match="add a manager first"):
        await people.add("ada", Role.READER, by=TERMINAL)
    reader = await people.from_proxy("ada", Role.READER)
    assert reader
    first = await people.add("bob", Role.MANAGER, by=TERMINAL)
    second = await people.add("carl", Role.MANAGER, by=TERMINAL)
    assert first.reader == LOCAL_PERSON
    assert len({account.reader for account in (reader, first, second)}) == 3
    await listed(store, paper(1))
    for account in (first, second):
        await store.reading.save(Reader(PlatformName.WEB, "local", account.reader), paper(1).id, NOON)
        await people.remove(account, by=TERMINAL) if account is second else None
    await people.remove(reader, by=TERMINAL)
    await people.remove(first, by=TERMINAL)  # nobody is left: everybody is the local person again
    assert await store.reading.saved_count(Reader(PlatformName.WEB, "local", second.reader)) == 0
    assert await store.reading.saved_count(Reader(PlatformName.WEB, "local", LOCAL_PERSON)) == 1


async def test_there_is_always_a_manager_also_when_two_go_at_once(store: SqlStore, people: People) -> None:
    ada = await people.add("ada", Role.MANAGER, by=TERMINAL)
    bob = await people.add("bob", Role.MANAGER, by=TERMINAL)
    outcomes = await asyncio.gather(
        people.set_role(ada, Role.READER, by=TERMINAL), people.remove(bob, by=TERMINAL), return_exceptions=True
    )
    assert sum(isinstance(outcome, UserError) for outcome in outcomes) == 1
    assert [account.role for account in await people.accounts()].count(Role.MANAGER) == 1
    lines = await said(store)
    assert lines[:2] == [
        ("people add ada --role manager", Outcome.DONE),
        ("people add bob --role manager", Outcome.DONE),
    ]
    assert len(lines) == 3, "what was refused is no change"


async def test_an_invitation_is_used_once_and_soon(store: SqlStore, people: People, clock: SettableClock) -> None:
    bob = await people.add("bob", Role.MANAGER, by=TERMINAL)
    first = await people.invite(bob, by=TERMINAL)
    second = await people.invite(bob, by=TERMINAL)
    assert await people.invited(first) is None
    assert await people.invited(second) == bob
    with pytest.raises(UserError):
        await people.accept(second, "short")
    accepted = await asyncio.gather(*(people.accept(second, PASSWORD) for _ in range(4)), return_exceptions=True)
    assert sum(not isinstance(each, Exception) for each in accepted) == 1
    assert await people.with_password("bob", PASSWORD)
    late = await people.invite(bob, by=TERMINAL)
    clock.advance(seconds=INVITATION_LENGTH.total_seconds())
    with pytest.raises(UserError, match="used already, or is too old"):
        await people.accept(late, OTHER)


async def test_a_session_ends_by_age_by_idleness_and_with_what_it_stood_on(
    people: People, clock: SettableClock
) -> None:
    ada = await people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
    idle, used, kept = [await people.begin_session(ada, "a browser") for _ in range(3)]
    for _ in range(SESSION_LENGTH // timedelta(days=1) - 1):
        clock.advance(days=1)
        assert await people.session(used)
    assert await people.session(idle) is None
    assert SESSION_IDLE < SESSION_LENGTH
    clock.advance(days=1)
    assert await people.session(used) is None
    assert await people.session(kept) is None
    for change in ("password", "own password", "role", "removal", "all"):
        here, there = await people.begin_session(ada, ""), await people.begin_session(ada, "")
        session = await people.session(here)
        assert session
        match change:
            case "password":
                await people.set_password(ada, PASSWORD, by=TERMINAL)
            case "own password":
                with pytest.raises(UserError, match="not your present password"):
                    await people.change_password(session, OTHER, PASSWORD, by=TERMINAL)
                session = await people.session(here)
                assert session
                await people.change_password(session, PASSWORD, PASSWORD, by=TERMINAL)
                assert await people.session(here), "whoever changes it stays"
                await people.end_session(here)
            case "role":
                await people.add("bob", Role.MANAGER, by=TERMINAL)
                await people.set_role(ada, Role.READER, by=TERMINAL)
                ada = await people.named("ada")
            case "removal":
                await people.remove(ada, by=TERMINAL)
                ada = await people.add("ada", Role.READER, by=TERMINAL)
            case "all":
                assert await people.end_sessions(ada, by=TERMINAL) == 2
        assert await people.session(here) is None, change
        assert await people.session(there) is None, change


async def test_a_wrong_clock_neither_ends_a_session_for_good_nor_lets_it_live_for_ever(
    people: People, clock: SettableClock
) -> None:
    ada = await people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
    right = clock.now()
    before = await people.begin_session(ada, "")
    clock.set(right + timedelta(days=3650))
    assert await people.session(before) is None
    ahead = await people.begin_session(ada, "")
    clock.set(right + timedelta(hours=1))
    assert await people.session(ahead), "nobody is logged out because the clock is put right"
    for _ in range(SESSION_LENGTH // timedelta(days=1)):
        clock.advance(days=1)
        await people.session(ahead)
    assert await people.session(ahead) is None
    clock.set(right - timedelta(days=365))
    assert await people.session(await people.begin_session(ada, ""))


async def test_a_clock_that_is_ahead_for_an_hour_ends_no_session(people: People, clock: SettableClock) -> None:
    ada = await people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
    token = await people.begin_session(ada, "")
    right = clock.now()
    clock.set(right + timedelta(days=60))
    assert await people.session(token) is None
    await people.begin_session(ada, "")
    clock.set(right + SEEN_EVERY)
    assert await people.session(token)


async def test_tokens_are_kept_as_hashes_and_one_person_has_a_bounded_number(store: SqlStore, people: People) -> None:
    ada = await people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
    tokens = [await people.begin_session(ada, "x" * 5000) for _ in range(MOST_SESSIONS + 5)]
    kept = await people.sessions(ada)
    assert len(kept) == MOST_SESSIONS
    assert all(len(session.agent) <= 200 for session in kept)
    assert await people.session(tokens[-1])
    assert await people.session(token_key(tokens[-1])) is None, "what is kept lets nobody in"


async def test_sessions_go_with_a_clock_that_is_set(store: SqlStore, people: People, clock: SettableClock) -> None:
    ada = await people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
    token = await people.begin_session(ada, "")
    times = SqlStoredTimes(store.database)
    for jump in (timedelta(days=365), timedelta(days=-365)):
        clock.set(clock.now() + jump)
        await times.move(jump)
        assert await people.session(token), jump
    clock.set(clock.now() - timedelta(days=365))  # nobody noticed
    await times.pull_in(clock.now)
    for _ in range(SESSION_LENGTH // timedelta(days=1)):
        clock.advance(days=1)
        await people.session(token)
    assert await people.session(token) is None


async def test_whoever_may_read_does_so_while_nothing_can_be_written(
    store: SqlStore, people: People, clock: SettableClock
) -> None:
    ada = await people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
    session = await people.begin_session(ada, "a browser")
    token, _ = await people.tokens.create(ada, "dashboard", None, by=TERMINAL)
    clock.advance(minutes=10)
    for read, what in ((people.session, session), (people.tokens.bearer, token)):
        await people.accounts()  # which opens the database again
        trouble = Trouble(store.database, at=1)  # behind the SELECT
        found = await read(what)
        trouble.end()
        assert trouble.struck, "that it was used could not be noted"
        assert found
