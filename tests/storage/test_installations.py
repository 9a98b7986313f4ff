"""Installations: tokens that nobody can read in the database, states that are good once, renewals that never cross."""

from __future__ import annotations

import asyncio
import base64
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.channels.installations import Installation, Tokens
from bot.errors import OperatorError
from storage.channels.installations import SqlInstallationStore
from storage.channels.token_encryption import FILE_NAME, TokenEncryption, open_token_encryption
from storage.store import SqlStore
from storage.tables.channels import INSTALLATIONS
from tests.clocks import NOON

OLD, NEW = (base64.urlsafe_b64encode(name * 4).decode() for name in (b"old key ", b"new key "))
SOON = NOON + timedelta(hours=1)


def installation(
    team: str = "T1", *, enterprise: str = "", access: str = "xoxb-secret-1", refresh: str = ""
) -> Installation:
    tokens = Tokens(access=access, refresh=refresh)
    return Installation(
        enterprise=enterprise,
        team=team,
        name="Example",
        app_id="A1",
        bot_user="U0BOT",
        scopes=("chat:write", "commands"),
        installed_by="U0ADA",
        installed_at=NOON,
        tokens=tokens,
    )


def rotating(access: str = "xoxe.xoxb-1", refresh: str = "xoxe-1") -> Installation:
    made = installation(access=access, refresh=refresh)
    return replace(made, tokens=replace(made.tokens, expires_at=SOON, renew_at=NOON))


def opened(store: SqlStore, *keys: str) -> SqlInstallationStore:
    return SqlInstallationStore(store.database, TokenEncryption(keys or (OLD,), "PAPERROUND_SECRET_KEY"))


async def test_an_installation_is_found_again_and_replaced_by_the_next_one(store: SqlStore) -> None:
    installations = opened(store)
    await installations.save(installation())
    assert await installations.find("T1") == installation()
    again = installation(enterprise="E1", access="xoxb-secret-2")
    await installations.save(again)
    assert await installations.find("T1") == again
    assert await installations.workspaces() == ["T1"]
    assert await installations.find("T2") is None


async def test_a_whole_organisation_is_a_workspace_of_its_own(store: SqlStore) -> None:
    installations = opened(store)
    whole = installation("", enterprise="E1")
    await installations.save(whole)
    await installations.save(installation("T1", enterprise="E1"))
    assert await installations.find("E1") == whole
    assert await installations.first_of(["T9", "T1", "E1"]) == "T1"
    assert await installations.first_of(["T9", "E1"]) == "E1"
    assert await installations.first_of([]) is None


async def test_nobody_reads_a_token_in_the_database(store: SqlStore) -> None:
    await opened(store).save(installation(access="xoxb-secret-1", refresh="xoxe-secret-2"))
    async with store.database.read() as connection:
        row = (await connection.execute(select(INSTALLATIONS))).one()
    assert "secret" not in repr(row)
    assert "secret" not in repr(await opened(store).find("T1"))


async def test_a_token_moved_to_another_workspace_is_not_used(store: SqlStore) -> None:
    installations = opened(store)
    await installations.save(installation("T1"))
    await installations.save(installation("T2"))
    async with store.database.write() as connection:
        sealed = (
            await connection.execute(select(INSTALLATIONS.c.sealed).where(INSTALLATIONS.c.workspace == "T1"))
        ).scalar_one()
        await connection.execute(update(INSTALLATIONS).where(INSTALLATIONS.c.workspace == "T2").values(sealed=sealed))
    with pytest.raises(OperatorError, match="tokens of T1 in the place of those of T2"):
        await installations.find("T2")


async def test_a_lost_key_is_explained_and_stops_nobody_else(store: SqlStore) -> None:
    await opened(store, OLD).save(installation("T1"))
    later = opened(store, NEW)
    await later.save(installation("T2"))
    with pytest.raises(OperatorError, match="tokens of T1 were encrypted with a key that is not in PAPERROUND_SECRET"):
        await later.find("T1")
    assert await later.find("T2") == installation("T2")
    assert await later.encrypt_anew() == 0
    await later.save(installation("T1"))
    assert await later.find("T1") == installation("T1")


async def test_a_new_key_takes_over(store: SqlStore) -> None:
    await opened(store, OLD).save(installation("T1"))
    both = opened(store, NEW, OLD)
    assert await both.find("T1") == installation("T1")
    assert await both.encrypt_anew() == 1
    assert await both.encrypt_anew() == 0
    assert await opened(store, NEW).find("T1") == installation("T1")


async def test_a_state_is_good_once_whoever_comes(store: SqlStore) -> None:
    installations = opened(store)
    await installations.add_state("s-1", now=NOON, until=SOON)
    taken = await asyncio.gather(*(installations.take_state("s-1", NOON) for _ in range(8)))
    assert sorted(taken) == [False] * 7 + [True]
    assert not await installations.take_state("s-2", NOON)


async def test_a_state_ends(store: SqlStore) -> None:
    installations = opened(store)
    await installations.add_state("s-1", now=NOON, until=SOON)
    assert not await installations.take_state("s-1", SOON)
    await installations.add_state("s-2", now=NOON, until=SOON)
    await installations.add_state("s-3", now=SOON, until=SOON + timedelta(hours=1))
    assert not await installations.take_state("s-2", NOON)


async def test_one_worker_renews_at_a_time(store: SqlStore) -> None:
    installations = opened(store)
    await installations.save(rotating())
    await installations.save(installation("T2"))
    assert await installations.due_for_renewal(NOON - timedelta(seconds=1)) == []
    assert await installations.due_for_renewal(NOON) == ["T1"]
    asked = [installations.lease_renewal("T1", f"lease-{n}", now=NOON, until=SOON) for n in range(4)]
    leased = await asyncio.gather(*asked)
    assert [one for one in leased if one] == [rotating()]
    assert await installations.due_for_renewal(NOON) == []
    holder = next(number for number, one in enumerate(leased) if one)
    assert not await installations.renewed("T1", f"lease-{holder + 1}", Tokens(access="another's"))
    fresh = Tokens(access="xoxe.xoxb-2", refresh="xoxe-2", expires_at=SOON, renew_at=SOON)
    assert await installations.renewed("T1", f"lease-{holder}", fresh)
    assert await installations.lease_renewal("T1", "late", now=NOON, until=SOON) is None
    found = await installations.find("T1")
    assert found is not None
    assert found.tokens == fresh


async def test_a_worker_that_died_is_followed_by_another(store: SqlStore) -> None:
    installations = opened(store)
    await installations.save(rotating())
    assert await installations.lease_renewal("T1", "dead", now=NOON, until=SOON)
    assert await installations.lease_renewal("T1", "next", now=SOON, until=SOON + timedelta(minutes=1))
    assert not await installations.renewed("T1", "dead", Tokens(access="stale"))


async def test_a_token_that_the_platform_does_not_take_is_due_at_once(store: SqlStore) -> None:
    installations = opened(store)
    await installations.save(rotating())
    before = NOON - timedelta(minutes=1)
    assert await installations.lease_renewal("T1", "a", now=before, until=NOON, expired="another") is None
    assert await installations.lease_renewal("T1", "a", now=before, until=NOON, expired="xoxe.xoxb-1")


async def test_a_failed_renewal_waits_and_says_why(store: SqlStore) -> None:
    installations = opened(store)
    await installations.save(rotating())
    await installations.lease_renewal("T1", "a", now=NOON, until=SOON)
    await installations.not_renewed("T1", "a", "invalid_refresh_token", retry_at=SOON)
    found = await installations.find("T1")
    assert found is not None
    assert found.problem == "invalid_refresh_token"
    assert await installations.due_for_renewal(NOON) == []
    assert await installations.due_for_renewal(SOON) == ["T1"]


async def test_only_the_token_that_died_is_removed(store: SqlStore) -> None:
    installations = opened(store)
    await installations.save(installation(access="xoxb-new"))
    assert not await installations.remove("T1", access="xoxb-old")
    assert await installations.remove("T1", access="xoxb-new")
    assert not await installations.remove("T1", access="xoxb-new")
    await installations.save(installation())
    assert await installations.remove("T1")
    assert not await installations.remove("T1")


# ---- keys


def test_a_key_is_made_once_and_only_we_read_it(tmp_path: Path) -> None:
    sealed = open_token_encryption("", tmp_path).seal("T1", {"access": "x"})
    file = tmp_path / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert open_token_encryption("", tmp_path).unseal("T1", sealed) == {"access": "x"}
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]


def test_the_setting_goes_before_the_file(tmp_path: Path) -> None:
    sealed = open_token_encryption(f" {NEW} , {OLD}", tmp_path).seal("T1", {"access": "x"})
    assert not list(tmp_path.iterdir())
    assert open_token_encryption(NEW, tmp_path).unseal("T1", sealed) == {"access": "x"}


def test_what_openssl_makes_is_a_key(tmp_path: Path) -> None:
    made = "+/" + OLD[2:].replace("-", "+").replace("_", "/")
    encryption = open_token_encryption(made, tmp_path)
    assert encryption.unseal("T1", encryption.seal("T1", {"access": "x"})) == {"access": "x"}


@pytest.mark.parametrize("setting", ["password", f"{OLD},short", "ключ"])
def test_what_is_no_key_is_explained_without_showing_it(tmp_path: Path, setting: str) -> None:
    with pytest.raises(OperatorError, match=r"PAPERROUND_SECRET_KEY .*openssl rand") as raised:
        open_token_encryption(setting, tmp_path)
    assert setting not in str(raised.value)


def test_a_spoilt_key_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff")
    with pytest.raises(OperatorError, match=FILE_NAME):
        open_token_encryption("", tmp_path)


def test_a_folder_that_takes_no_key_is_explained(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="PAPERROUND_SECRET_KEY"):
        open_token_encryption("", tmp_path / "missing")
