"""Short histories in the world of the model, each of which goes where one promise about posting is needed.

What holds in them is what holds in any: see `tests.posting.model.world`. Long ones, made by chance, are in
`tests.posting.model.test_model`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat

import pytest

from bot.platforms.outcomes import Gone, GoneScope, LookUp, LookUpResult, Partly, Retry
from bot.posting.retries import UnknownPolicy
from tests.platforms import Fault
from tests.posting.model.life import Stop
from tests.posting.model.platform import Fate
from tests.posting.model.test_model import Outbox, prepare

END = Stop.AT_THE_END
MINUTE, HOUR = 61, 3600
ARCHIVED = Gone("The channel was archived.")
UNINSTALLED = Gone("The app was uninstalled.", GoneScope.WORKSPACE)
#: Nobody may look for hours, and then it is not there.
IN_TROUBLE = (Retry("busy", 9000.0), LookUp.MISSING)
DELETED = Gone("The thread was deleted.", GoneScope.THREAD)


def at_work(tale: Outbox, *names: str) -> None:
    """These processes have taken over what there was, and have sent what there is."""
    for name in names:
        tale.works(name, END)
    tale.time_passes(6)


def wrong(tale: Outbox, channel: str, *faults: Fault | Fate) -> None:
    """A paper comes, and the requests for it go wrong."""
    tale.papers_are_listed(1)
    fates = [fault if isinstance(fault, Fate) else Fate(fault) for fault in faults]
    tale.something_will_go_wrong(channel, fates)


def later(tale: Outbox, *pauses: int, name: str = "other", looks: tuple[LookUpResult, ...] = ()) -> None:
    """A process works after each of these pauses, while its looks go wrong."""
    if looks:
        tale.looks_will_go_wrong(list(looks))
    for pause in pauses:
        tale.time_passes(pause)
        tale.works(name, END)


def wakes_up_after_others_have_looked(tale: Outbox, stop: Stop, pause: int = MINUTE) -> None:
    """What it noted, sent or was answered is over: others have taken it over."""
    at_work(tale, "one", "other")
    wrong(tale, "cards", Fault.NONE)
    tale.works("one", stop)
    later(tale, pause, MINUTE, MINUTE)
    tale.works("one", END)
    later(tale, 6)


def wakes_up_while_others_send(tale: Outbox) -> None:
    """It was told something else than those will be who send it at this moment."""
    at_work(tale, "one", "other")
    wrong(tale, "cards", Fault.BUSY, Fault.LOST)
    tale.works("one", Stop.TAKEN)
    later(tale, MINUTE, MINUTE, MINUTE)
    tale.works("other", Stop.TAKEN)
    tale.works("one", END)
    later(tale, 6, MINUTE, MINUTE)


def wakes_up_with_a_lease_that_others_have(tale: Outbox, fault: Fault) -> None:
    """What it says of a post is said by somebody else now."""
    at_work(tale, "one", "other")
    wrong(tale, "cards", fault, Fault.NONE)
    tale.works("one", Stop.ANSWERED)
    for stop in (END, END, Stop.ON_ITS_WAY):
        tale.time_passes(MINUTE)
        tale.works("other", stop)
    tale.works("one", END)
    later(tale, 6)


def stands_still_for_a_while(tale: Outbox, stop: Stop) -> None:
    """For longer than it may before it sends, or waits for an answer, and less than a lease."""
    at_work(tale, "one", "other")
    wrong(tale, "cards", Fault.NONE)
    tale.works("one", stop)
    tale.time_passes(40)
    tale.works("one", END)
    later(tale, 6, name="one")


def stands_still_alone(tale: Outbox, pause: int) -> None:
    """Nobody has taken what it had taken; but once its lease is over, somebody may at any moment."""
    at_work(tale, "one")
    wrong(tale, "cards", Fault.NONE)
    tale.works("one", Stop.LEASED)
    tale.time_passes(pause)
    tale.works("one", END)
    tale.works("one", END)


def is_slow(tale: Outbox) -> None:
    """What somebody has taken is left to them for as long as their lease lasts."""
    at_work(tale, "one", "other")
    wrong(tale, "cards", Fault.NONE)
    tale.works("one", Stop.ON_ITS_WAY)
    later(tale, 6)
    tale.works("one", END)


def dies(tale: Outbox, stop: Stop, *, taken: bool, off: int = 0) -> None:
    """And a clock that was wrong is set right before the next one starts."""
    tale.the_clock_is_set(off)
    wrong(tale, "cards", Fault.NONE)
    tale.dies("one", stop, taken)
    tale.the_clock_is_set(0)
    later(tale, 6, 31, MINUTE, MINUTE, MINUTE)


def is_lost(tale: Outbox, fault: Fault | Fate, *, pauses: tuple[int, ...] = (3, 4, 26, 31, 31, 31, 31, 31)) -> None:
    """It is looked for as often as the platform may still bring it."""
    at_work(tale, "one")
    wrong(tale, "cards", fault)
    tale.works("one", END)
    later(tale, *pauses, name="one")


def is_passed_by_later_ones(tale: Outbox, look: LookUpResult) -> None:
    """What can hardly be looked for holds up nothing for long."""
    at_work(tale, "one")
    wrong(tale, "cards", Fault.LOST)
    tale.works("one", END)
    tale.looks_will_go_wrong([look] * 9)
    wrong(tale, "cards")
    later(tale, 31, 40, 6, name="one")


def is_found_missing_while_a_later_one_is_sent(tale: Outbox) -> None:
    """It waits for the one that has passed it."""
    at_work(tale, "one", "other")
    wrong(tale, "cards", Fault.LOST)
    tale.works("one", END)
    tale.time_passes(MINUTE)
    tale.papers_are_listed(1)
    tale.works("one", Stop.ON_ITS_WAY)
    later(tale, 1, 1)
    tale.works("one", END)


def is_tried_again_while_its_digest_is_passed(tale: Outbox) -> None:
    """Two messages of a channel could be sent: what was given up and is tried again, and what passes the one of its
    digest that is looked for."""
    at_work(tale, "one")
    tale.papers_are_listed(3)
    tale.something_will_go_wrong("cards", [Fate(Fault.REJECTED), Fate(Fault.LOST)])
    later(tale, 1, 1, name="one")
    tale.looks_will_go_wrong([Partly("", 30.0)] * 5)
    later(tale, MINUTE, name="one")
    tale.somebody_tries_again_what_was_given_up()
    tale.somebody_shares_a_paper("cards", 1)
    later(tale, 1, 1, name="one")


def is_looked_for_in_vain(tale: Outbox, *looks: LookUpResult, pause: int) -> None:
    """Looks read nothing, or never enough: after some hours, or looks, the setting decides."""
    at_work(tale, "one")
    wrong(tale, "cards", Fault.LOST)
    tale.works("one", END)
    later(tale, *repeat(pause, len(looks) + 2), name="one", looks=looks)


def is_left_alone_meanwhile(tale: Outbox, *looks: LookUpResult) -> None:
    """Hours in which nobody looked, or tried, do not count."""
    at_work(tale, "one")
    wrong(tale, "cards", Fault.LOST)
    tale.something_will_go_wrong("elsewhere", [Fate(Fault.ODD)] * 2)
    tale.works("one", END)
    later(tale, 6, 12 * HOUR, 6, name="one", looks=looks)


def is_refused(tale: Outbox, channel: str, *faults: Fault) -> None:
    """It is tried again when it may be, and not before, for as long as is promised."""
    at_work(tale, "one", "other")
    wrong(tale, channel, *faults)
    tale.works("one", END)
    later(tale, 1, 6, 6, 31, MINUTE)
    later(tale, 1, 6, 31, name="one")


def is_refused_for_ever(tale: Outbox, fault: Fault, rounds: int) -> None:
    at_work(tale, "one")
    wrong(tale, "cards", *[fault] * 40)
    later(tale, *[600] * rounds, name="one")


def for_a_day(tale: Outbox, *looks: LookUpResult) -> None:
    """All requests are lost, and looked for for hours."""
    tale.something_will_go_wrong("cards", [Fate(Fault.LOST)] * 12)
    tale.time_passes(6)
    tale.works("one", END)
    for _ in range(11):
        later(tale, 900, 10_000, 1, name="one", looks=looks)


def is_lost_for_ever(tale: Outbox) -> None:
    """While others come; until somebody has it tried again."""
    at_work(tale, "one")
    is_passed_by_later_ones(tale, Partly("", 30.0))
    tale.here.there.looks.clear()
    for_a_day(tale, *IN_TROUBLE)
    assert tale.here.failed
    tale.here.there.fates.clear()
    tale.somebody_tries_again_what_was_given_up()
    later(tale, 6, MINUTE, 1, name="one")


def is_lost_as_everything_is(tale: Outbox) -> None:
    """It is the channel that takes nothing."""
    at_work(tale, "one")
    tale.papers_are_listed(1)
    for_a_day(tale, *IN_TROUBLE)
    assert not tale.here.failed
    assert tale.here.broken()
    tale.here.there.fates.clear()
    tale.somebody_resumes_all_channels()
    later(tale, 1, name="one")


def is_sent_anyway_for_a_day(tale: Outbox) -> None:
    """Nobody knows that it did not come."""
    at_work(tale, "one")
    tale.papers_are_listed(1)
    for_a_day(tale, Partly("", 9950.0), Partly("", 9950.0))
    assert [row["state"] for row in tale.here.rows()] == ["sent"]


def is_never_taken(tale: Outbox, *before: Fault) -> None:
    """And somebody has it tried again."""
    at_work(tale, "one")
    wrong(tale, "hourly", *before, Fault.REJECTED, Fault.REJECTED)
    tale.works("one", END)
    tale.somebody_asks_for_a_digest("one", "hourly", END)
    later(tale, 6, MINUTE, MINUTE, MINUTE, name="one")
    tale.somebody_tries_again_what_was_given_up()
    later(tale, 6, MINUTE, MINUTE, name="one")
    tale.somebody_tries_again_what_was_given_up()


def is_stopped(tale: Outbox, fault: Fault) -> None:
    """The papers wait, and come once the channel is well."""
    at_work(tale, "one", "other")
    wrong(tale, "thread", fault)
    tale.works("one", END)
    later(tale, 6)
    tale.somebody_resumes_all_channels()
    later(tale, 1, 6)


def is_stopped_while_it_is_looked_for(tale: Outbox, gone: Gone) -> None:
    """It is not forgotten that it may be there."""
    at_work(tale, "one")
    wrong(tale, "cards", Fault.ANSWER_LOST)
    tale.works("one", END)
    later(tale, 6, MINUTE, name="one", looks=(gone,))
    tale.somebody_resumes_all_channels()
    later(tale, 1, 6, name="one", looks=(Retry("busy"),))


def loses_its_thread(tale: Outbox, *looks: LookUpResult) -> None:
    """What was still to be replied comes into the channel."""
    at_work(tale, "one")
    tale.papers_are_listed(2)
    fates = (
        [Fate(Fault.NONE), Fate(Fault.LOST), Fate(Fault.THREAD_GONE)] if looks else [Fate(), Fate(Fault.THREAD_GONE)]
    )
    tale.something_will_go_wrong("thread", fates)
    later(tale, 1, 1, 6, MINUTE, 1, 1, name="one", looks=looks)


def is_drawn_again(tale: Outbox) -> None:
    """A vote is shown by the messages that are there, and by no other."""
    at_work(tale, "one")
    tale.papers_are_listed(1)
    later(tale, 1, 1, name="one")
    for channel in ("cards", "thread"):
        tale.somebody_votes("one", channel, [], END)
        tale.somebody_votes("one", channel, [Retry("busy", 0.0)], END)
        tale.somebody_votes("one", channel, [], END)


KNOWN = (True, UnknownPolicy.AT_MOST_ONCE)
LEAST_ONCE = (True, UnknownPolicy.AT_LEAST_ONCE)
NOBODY_CAN_TELL = (False, UnknownPolicy.AT_MOST_ONCE)
SENT_ANYWAY = (False, UnknownPolicy.AT_LEAST_ONCE)
PAGES = tuple(Partly(f"page {number}", 1.0) for number in range(1, 23))
NO_TURN = tuple(Partly("", 900.0) for _ in range(14))


@dataclass(frozen=True, slots=True)
class History:
    """What happens, in which channels, and what can be found out there and becomes of what cannot. What is not
    `endless` tells of everything that goes wrong in it."""

    tell: Callable[[Outbox], object]
    known: tuple[bool, UnknownPolicy] = KNOWN
    channels: tuple[str, ...] = ("cards",)
    endless: bool = False


HISTORIES: dict[str, History] = {
    "others have sent it": History(lambda tale: wakes_up_after_others_have_looked(tale, Stop.NOTED)),
    "others have found it": History(lambda tale: wakes_up_after_others_have_looked(tale, Stop.ON_ITS_WAY)),
    "others know it": History(lambda tale: wakes_up_after_others_have_looked(tale, Stop.ANSWERED)),
    "its time is over": History(lambda tale: wakes_up_after_others_have_looked(tale, Stop.ON_ITS_WAY, 31)),
    "others send it": History(wakes_up_while_others_send),
    "others have it": History(lambda tale: wakes_up_with_a_lease_that_others_have(tale, Fault.ODD)),
    "others look for it": History(lambda tale: wakes_up_with_a_lease_that_others_have(tale, Fault.LOST)),
    "others do not know it": History(lambda tale: wakes_up_with_a_lease_that_others_have(tale, Fault.REJECTED)),
    "held up": History(lambda tale: stands_still_for_a_while(tale, Stop.NOTED)),
    "timed out": History(lambda tale: stands_still_for_a_while(tale, Stop.ON_ITS_WAY)),
    "alone": History(lambda tale: stands_still_alone(tale, MINUTE)),
    "alone for a moment": History(lambda tale: stands_still_alone(tale, 20)),
    "slow": History(is_slow),
    "dies before it leaves": History(lambda tale: dies(tale, Stop.NOTED, taken=False)),
    "dies on an early clock": History(lambda tale: dies(tale, Stop.TAKEN, taken=True, off=HOUR)),
    "dies on a late clock": History(lambda tale: dies(tale, Stop.ON_ITS_WAY, taken=True, off=-HOUR)),
    "dies before it is noted": History(lambda tale: dies(tale, Stop.ANSWERED, taken=True)),
    "dies, and it is lost": History(lambda tale: dies(tale, Stop.ON_ITS_WAY, taken=False, off=90)),
    "lost": History(lambda tale: is_lost(tale, Fault.LOST)),
    "behind a proxy": History(lambda tale: is_lost(tale, Fate(Fault.LOST, 24))),
    "late": History(lambda tale: is_lost(tale, Fate(Fault.LATE, 115))),
    "never came": History(lambda tale: is_lost(tale, Fault.LATE)),
    "its answer is lost": History(lambda tale: is_lost(tale, Fault.ANSWER_LOST)),
    "nobody can tell": History(lambda tale: is_lost(tale, Fault.LOST), NOBODY_CAN_TELL),
    "sent anyway": History(lambda tale: is_lost(tale, Fault.LOST), SENT_ANYWAY),
    "a defect": History(lambda tale: is_lost(tale, Fault.CRASH)),
    "passed": History(lambda tale: is_passed_by_later_ones(tale, Partly("", 30.0))),
    "passed in trouble": History(lambda tale: is_passed_by_later_ones(tale, Retry("busy", 60.0))),
    "passed at this moment": History(is_found_missing_while_a_later_one_is_sent),
    "passed, and tried again": History(is_tried_again_while_its_digest_is_passed),
    "twenty pages": History(lambda tale: is_looked_for_in_vain(tale, *PAGES, pause=6)),
    "three hours": History(lambda tale: is_looked_for_in_vain(tale, *NO_TURN, pause=900)),
    "three hours, sent anyway": History(lambda tale: is_looked_for_in_vain(tale, *NO_TURN, pause=900), LEAST_ONCE),
    "pages": History(lambda tale: is_looked_for_in_vain(tale, *PAGES[:3], pause=31)),
    "not coming": History(lambda tale: is_looked_for_in_vain(tale, LookUp.NOT_COMING, pause=6)),
    "in trouble": History(lambda tale: is_looked_for_in_vain(tale, *[Retry("busy")] * 4, pause=HOUR)),
    "a night": History(lambda tale: is_left_alone_meanwhile(tale, *NO_TURN[:2]), channels=("cards", "elsewhere")),
    "refused": History(lambda tale: is_refused(tale, "cards", Fault.BUSY, Fault.WAIT, Fault.ODD)),
    "refused for an hour": History(lambda tale: is_refused_for_ever(tale, Fault.ODD, 10), endless=True),
    "busy for long": History(lambda tale: is_refused_for_ever(tale, Fault.BUSY, 3), endless=True),
    "lost for ever": History(is_lost_for_ever),
    "lost as everything is": History(is_lost_as_everything_is),
    "sent anyway for a day": History(is_sent_anyway_for_a_day, LEAST_ONCE, endless=True),
    "never taken": History(is_never_taken, channels=("hourly",)),
    "never taken, and nobody can tell": History(is_never_taken, NOBODY_CAN_TELL, ("hourly",)),
    "never taken, perhaps": History(lambda tale: is_never_taken(tale, Fault.LOST), channels=("hourly",)),
    "a channel stops": History(lambda tale: is_stopped(tale, Fault.GONE), channels=("thread", "cards")),
    "a workspace stops": History(lambda tale: is_stopped(tale, Fault.WORKSPACE_GONE), channels=("thread", "cards")),
    "a channel stops while looking": History(lambda tale: is_stopped_while_it_is_looked_for(tale, ARCHIVED)),
    "a workspace stops while looking": History(
        lambda tale: is_stopped_while_it_is_looked_for(tale, UNINSTALLED), channels=("thread", "cards")
    ),
    "a thread is gone": History(loses_its_thread, channels=("thread",)),
    "a thread is gone while looking": History(lambda tale: loses_its_thread(tale, DELETED), channels=("thread",)),
    "drawn again": History(is_drawn_again, channels=("thread", "cards")),
}


@pytest.mark.usefixtures("unlogged")
@pytest.mark.parametrize("name", HISTORIES)
def test_what_is_promised_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    history, tale = HISTORIES[name], Outbox()
    try:
        tale.begin(history.known, history.channels)
        history.tell(tale)
        assert history.endless or not any(tale.here.there.fates.values()), "all that was to go wrong did"
    finally:
        tale.teardown()
