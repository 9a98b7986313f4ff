"""The figures that alarms are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics
from storage.store import SqlStore
from tests.clocks import NOON
from tests.core import Core
from tests.storage.scenes import channel, lease_one, listed, paper, posts, sent


def figures(metrics: Metrics) -> dict[str, float]:
    """Each figure by its name with its labels."""
    page = metrics.exposition()[0].decode()
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


async def test_what_waits_is_as_old_as_the_oldest_post(store: SqlStore) -> None:
    here = await channel(store)
    await listed(store, paper(1))
    await posts(store, here)
    found = await store.figures.at(NOON)
    assert found.rows == {"papers": 1, "channels": 1, "subscriptions": 0}
    assert found.posts["pending"] == 1
    assert found.oldest_waiting_at is not None
    metrics = Metrics()
    metrics.stored(found, found.oldest_waiting_at + timedelta(minutes=10))
    assert figures(metrics)["paperround_outbox_oldest_waiting_seconds"] == 600
    await sent(store, await lease_one(store))
    metrics.stored(await store.figures.at(NOON), NOON)
    assert figures(metrics)["paperround_outbox_oldest_waiting_seconds"] == 0
    assert figures(metrics)["paperround_outbox sent"] == 1


async def test_a_digest_that_was_not_planned_is_late(store: SqlStore) -> None:
    here = await channel(store)
    await store.channels.change(here.id, lambda known: replace(known, next_digest_at=NOON), NOON)
    assert (await store.figures.at(NOON + timedelta(seconds=59))).late_digests == 0
    assert (await store.figures.at(NOON + timedelta(seconds=61))).late_digests == 1
    await store.channels.pause(here.id, reason="holidays", until=None)
    assert (await store.figures.at(NOON + timedelta(seconds=61))).late_digests == 0


async def test_each_source_says_when_it_was_last_read(core: Core) -> None:
    await core.news(paper(1))
    found = await core.store.figures.at(core.clock.now())
    assert found.read_at == {core.source.name: core.clock.now()}
    metrics = Metrics()
    metrics.stored(found, core.clock.now())
    (read,) = [
        value for name, value in figures(metrics).items() if name.startswith("paperround_source_last_success_timestamp")
    ]
    assert read == core.clock.now().timestamp()


async def test_the_page_names_build_leader_database_and_index(core: Core) -> None:
    metrics = Metrics()
    metrics.process(leads=True)
    metrics.database(up=False)
    metrics.index(behind=await core.index.behind())
    metrics.post("slack", "retry", 0.3)
    found = figures(metrics)
    assert [name for name in found if name.startswith("paperround_build_info")]
    assert (found["paperround_leader"], found["paperround_database_up"]) == (1, 0)
    assert found["paperround_index_behind_papers"] == 0
    assert found["paperround_post_attempts_total retry slack"] == found["paperround_post_seconds_count slack"] == 1


async def test_an_index_that_lacks_papers_says_how_many(core: Core) -> None:
    await listed(core.store, paper(1), paper(2), paper(3))
    assert await core.index.behind() == 3
    await core.index.refresh()
    assert await core.index.behind() == 0
