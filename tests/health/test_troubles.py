"""Seven things that go wrong: the health page, `status`, `doctor` and `/metrics` tell of each, in the same words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta

from adapters.web.pages.health_view import HealthView, for_operators
from bot.app.doctor.findings import Mark, findings_of
from bot.app.doctor.store_checks import store_checks
from bot.errors import SourceError
from bot.health.heartbeat import Heartbeat
from bot.health.report import GONE_AFTER, LONG_WAIT, HealthReport
from bot.health.wording import lines_of
from tests.core import Core
from tests.health.reports import figures
from tests.platforms import Fault
from tests.sources import a_paper
from tests.trouble import Trouble


@dataclass(frozen=True)
class Told:
    """What each of the four says at one moment."""

    page: HealthView
    status: str
    doctor: dict[str, tuple[Mark, str]]
    metrics: dict[str, float]


async def told(core: Core, report: HealthReport | None = None) -> Told:
    report = report or await core.health.report()
    checks = store_checks(core.health, core.store.channels, core.index, core.engine.meaning)
    return Told(
        page=for_operators(report, UTC, set()),
        status="\n".join(f"{what}: {words}" for what, words in lines_of(report)),
        doctor={finding.what: (finding.mark, finding.words) async for finding in findings_of(checks)},
        metrics=figures(replace(report, leads=True)),
    )


async def test_all_four_tell_of_what_is_wrong(core: Core) -> None:
    leader = Heartbeat(core.store.health, core.clock)
    await leader.beat(leads=True)
    for channel in ("general", "closed", "slow"):
        await core.say("subscribe diffusion", channel)
    await core.news(a_paper(1))
    await core.index.refresh()
    well = await told(core)
    assert (well.page.verdict, well.page.mark) == ("Everything works.", "well")
    assert "trouble" not in well.status
    assert well.doctor["Sources"] == (Mark.WELL, "1 source read")

    # A feed is down.
    core.source.error = SourceError("the feed answered 503")
    await core.engine.poll()
    down = await told(core)
    assert "1 source cannot be read" in down.page.verdict
    assert "1 source cannot be read" in down.status
    assert [row.mark for row in down.page.sources if "503" in row.words] == ["bad"]
    assert (down.doctor["Sources"][0], "503" in down.doctor["Sources"][1]) == (Mark.NOTICE, True)
    assert down.metrics["paperround_source_failures huggingface"] == 1

    # A channel is refused, and another one's platform takes nothing for hours.
    core.platform.fail("closed", Fault.GONE)
    core.platform.fail("slow", *[Fault.BUSY] * 99)
    await core.next_digest()
    refused = await told(core)
    assert "1 channel cannot be posted to" in refused.page.verdict
    assert "1 channel cannot be posted to" in refused.status
    assert refused.doctor["Channels"][0] is Mark.PROBLEM
    assert refused.metrics["paperround_channels_refused"] == 1
    core.clock.advance(seconds=LONG_WAIT.total_seconds() + 60)
    await leader.beat(leads=True)
    stuck = await told(core)
    assert "what is to be posted waits for 16 minutes" in stuck.page.verdict
    assert "what is to be posted waits for 16 minutes" in stuck.status
    assert (stuck.doctor["Posts"][0], "for 16 minutes" in stuck.doctor["Posts"][1]) == (Mark.NOTICE, True)
    assert stuck.metrics["paperround_outbox_oldest_waiting_seconds"] == LONG_WAIT.total_seconds() + 60

    # The leader goes, and nobody takes over.
    await leader.beat(leads=False)
    core.clock.advance(seconds=GONE_AFTER.total_seconds())
    await leader.beat(leads=False)
    left = await told(core)
    assert "no process leads" in left.page.verdict
    assert [row.words[:10] for row in left.page.processes if row.mark == "bad"] == ["none leads"]
    assert "process: none leads" in left.status
    assert (left.doctor["Processes"][0], left.doctor["Processes"][1][:10]) == (Mark.PROBLEM, "none leads")

    # The index lags behind, and the machine's clock is off.
    report = replace(await core.health.report(), index_behind=3, clock_ahead=timedelta(hours=2))
    off = await told(core, report)
    assert "the machine's clock is off" in off.page.verdict
    assert "2 hours ahead" in off.status
    assert {row.name: row.mark for row in off.page.parts}["Clock"] == "bad"
    assert {row.name: row.mark for row in off.page.parts}["Search index"] == "poor"
    assert "index: 3 papers behind" in off.status
    assert off.metrics["paperround_clock_ahead_seconds"] == 7200
    assert off.metrics["paperround_index_behind_papers"] == 3

    # The disk is full.
    trouble = Trouble(core.store.database, at=0)
    try:
        full = await told(core)
    finally:
        trouble.end()
    assert (full.page.ok, full.page.mark) == (False, "bad")
    assert "No space left on device" in full.page.verdict
    assert full.status.startswith("health: ")
    assert "No space left on device" in full.status
    assert full.doctor["Database"][0] is Mark.PROBLEM
    assert full.metrics["paperround_database_up"] == 0
