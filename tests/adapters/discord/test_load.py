"""A small storm; `make bench` has the large one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import engine
from bot.posting import outbox, reconciliation
from bot.posting.retries import LookUpPolicy, RetryPolicy
from tests.adapters.discord.load import storm
from tests.patience import PATIENCE


async def test_in_a_storm_every_message_is_posted_once_and_everybody_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = timedelta(seconds=0.2)
    monkeypatch.setattr(engine, "RECONCILE_EVERY", soon)
    monkeypatch.setattr(outbox, "RETRIES", RetryPolicy(first=soon))
    monkeypatch.setattr(reconciliation, "LOOK_UPS", LookUpPolicy(marks=(soon, 2 * soon), late_marks=(soon, 2 * soon)))
    outcome = await storm(tmp_path, guilds=4, channels=40, timeout=5 * PATIENCE)
    assert outcome.wrong == []
    assert outcome.unanswered == 0
    assert outcome.answered_after
    assert outcome.resumes >= 2
    assert outcome.identifies == 1
    assert outcome.limited <= 2
    assert outcome.faults
