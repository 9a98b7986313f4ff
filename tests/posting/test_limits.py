"""The whole outbox and the real clients, where a platform takes less than comes, and soon less or more."""

from __future__ import annotations

import time
from pathlib import Path

from bot.channels.channel import PlatformName
from tests.limited import posted
from tests.simulators.limits import Kind, Limit


async def test_digests_come_once_where_slack_takes_only_some_and_whoever_asks_is_answered_meanwhile(
    tmp_path: Path,
) -> None:
    began = time.monotonic()
    limit = Limit(lambda now: 40 if now - began < 1 else 20, Kind.BUCKET)
    outcome = await posted(
        PlatformName.SLACK, [f"sqlite:///{tmp_path}/one.db"], tmp_path, limit, channels=60, ask_every=0.3
    )
    assert set(outcome.messages) == {1}
    assert limit.refused < 30
    assert len(outcome.answered_after) >= 3


async def test_digests_come_once_where_others_use_discords_limit_as_well(tmp_path: Path) -> None:
    limit = Limit(50, Kind.FIXED, others=30)
    outcome = await posted(PlatformName.DISCORD, [f"sqlite:///{tmp_path}/one.db"], tmp_path, limit, channels=40)
    assert set(outcome.messages) == {1}
    assert limit.refused < 40
