"""Stories: what the platform of the model was asked and answered about a message, and what may follow, as the page on
promises and the words of the outbox say. All times are true ones, whatever clocks show.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Protocol

from bot.platforms.outcomes import (
    Gone,
    GoneScope,
    HistoryWindow,
    LookUp,
    LookUpResult,
    Partly,
    Retry,
    SendResult,
    Sent,
    Unknown,
)
from bot.posting.retries import UnknownPolicy

#: So long after a request that broke off, or that timed out, the last look for its message begins.
LAST_LOOK: Final = timedelta(seconds=60)
LAST_LATE_LOOK: Final = timedelta(seconds=150)
#: A process that stood still for longer sends nothing of what it had begun to.
HELD_UP: Final = timedelta(seconds=30)
#: Where looks read this much, or were tried for so long, the setting decides.
MOST_LOOKS: Final = 20
LONGEST: Final = timedelta(hours=3)
LONGEST_TROUBLE: Final = timedelta(days=7)
#: What is due and not taken up for longer counts for no more: nobody tries, or looks.
TURN: Final = timedelta(minutes=15)
#: How long what is refused is tried, where the refusal is known and where it is not.
TRIED: Final = {True: timedelta(days=1), False: timedelta(hours=1)}
#: Nothing is waited for longer where the platform names no time.
LONGEST_WAIT: Final = timedelta(minutes=15)


class Holder(Protocol):
    """A process. It took over what others had begun at `adopted_at`, None before."""

    adopted_at: datetime | None


@dataclass(slots=True, eq=False)
class Request:
    """A request, which was noted, and left some time later. `was_settled` says that its answer is written down; while
    it `is_settling`, it may be."""

    holder: Holder
    lease: str
    noted_at: datetime
    left_at: datetime | None = None
    answer: SendResult | None = None
    was_settled: bool = False
    is_settling: bool = False


@dataclass(slots=True, eq=False)
class Look:
    """A look into the history: the latest part of a reading of it that began at `of`, when there had been so many
    `takeovers`, with each of which looking begins anew."""

    holder: Holder
    began_at: datetime
    of: datetime
    takeovers: int
    answer: LookUpResult | None = None
    read: bool = False
    was_settled: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether all was read, and it is not there; or its whole thread is not."""
        is_without_thread = isinstance(self.answer, Gone) and self.answer.scope is GoneScope.THREAD
        return self.answer is LookUp.MISSING or is_without_thread


@dataclass(slots=True)
class Story:
    """Of one message. The looks are those since its latest request."""

    requests: list[Request] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    #: Where a look has to begin: with the first request since somebody last stepped in.
    since: datetime | None = None
    #: Somebody had it tried again after it was refused.
    is_wished: bool = False
    #: It was sent again and again, is not there, and is not sent again until somebody wishes it.
    is_given_up: bool = False
    is_folded: bool = False  # into a message of the channel, since its thread is gone
    attempts: int = 0  # since somebody last stepped in
    #: How long it was tried at most, and at least.
    tried_for: timedelta = timedelta()
    surely_tried_for: timedelta = timedelta()

    @property
    def last(self) -> Request | None:
        return self.requests[-1] if self.requests else None

    @property
    def is_vague(self) -> bool:
        """Whether its latest request may have been taken without anybody knowing."""
        return self.last is not None and (not self.last.was_settled or isinstance(self.last.answer, Unknown))

    def noted(self, holder: Holder, lease: str, now: datetime) -> Request:
        """A request is to leave, after what has to be between it and the one before."""
        if self.last is not None and not self.is_wished:
            asked = self._asked_last()
            self.tried_for += min(now - self.last.noted_at, asked + TURN)
            if self.last.was_settled and isinstance(self.last.answer, Retry):
                self.surely_tried_for += min(now - self.last.noted_at, TURN)
        self.requests.append(Request(holder, lease, now))
        self.looks.clear()
        self.is_wished = False
        return self.requests[-1]

    def leaves(self, now: datetime) -> Request:
        """The request that was noted last leaves."""
        request = self.requests[-1]
        request.left_at = now
        self.attempts += 1
        self.since = self.since or request.noted_at
        return request

    def take_back(self, request: Request, before: Story) -> None:
        """Nothing was noted: it is as it was `before`."""
        if self.last is not request or self.looks:
            self.requests.remove(request)  # somebody else has gone on meanwhile
            return
        for one in fields(self):
            setattr(self, one.name, getattr(before, one.name))

    def copy(self) -> Story:
        return replace(self, requests=list(self.requests), looks=list(self.looks))

    def _asked_last(self) -> timedelta:
        assert self.last is not None
        if self.looks:
            return self.looks[-1].began_at - self.last.noted_at
        answer = self.last.answer
        return _asked(answer) if isinstance(answer, Retry) else LAST_LATE_LOOK

    def begins_anew(self) -> None:
        """Somebody has stepped in, or will: what came before counts for nothing."""
        self.since, self.attempts = None, 0
        self.tried_for = self.surely_tried_for = timedelta()

    def wished(self) -> None:
        """Somebody has it tried again."""
        since = self.since if self.attempts > 1 else None
        self.begins_anew()
        self.is_wished, self.is_given_up, self.since = True, False, since
        self.looks.clear()

    def may_be_noted(self, policy: UnknownPolicy, now: datetime, blur: timedelta) -> str:
        """Why no request may leave now, empty if one may. Clocks may differ by the `blur`."""
        if self.last is None or (not self.last.was_settled and (self.last.left_at is None or self.last.is_settling)):
            return ""
        if self.is_vague:
            look = self.looks[-1] if self.looks else None
            if look is None:
                return "nobody has looked for what may be there"
            if not self.permits(look, blur) and not (
                policy is UnknownPolicy.AT_LEAST_ONCE and self.is_left_to_setting(look, blur)
            ):
                return f"nobody has looked long enough for what may be there: {look}"
            return ""
        match self.last.answer:
            case Sent():
                return "it is there"
            case Retry(after=after) if after is not None and now < self.last.noted_at + seconds(after) - blur:
                return f"the platform was to be left alone for {after} seconds"
            case Retry() | Gone() | None:
                return ""
            case refused if not self.is_wished:
                return f"it was refused: {refused}"
            case _:
                return "nobody has looked for what came of earlier requests" if self.since else ""

    def look_begins(self, holder: Holder, window: HistoryWindow, now: datetime, takeovers: int) -> Look:
        # What the looks in between found out may never have been written down.
        before = [one for one in self.looks if isinstance(one.answer, Partly) and one.answer.cursor == window.cursor]
        look = Look(holder, now, before[-1].of if window.cursor and before else now, takeovers)
        self.looks.append(look)
        return look

    def knows(self, cursor: str) -> bool:
        """Whether a look may go on there."""
        return not cursor or any(isinstance(one.answer, Partly) and one.answer.cursor == cursor for one in self.looks)

    def look_ended(self, look: Look, window: HistoryWindow, answer: LookUpResult) -> None:
        look.answer = answer
        match answer:
            case Partly(cursor=cursor):
                look.read = cursor != window.cursor
            case LookUp() | Sent() | Gone(scope=GoneScope.THREAD):
                look.read = True
            case Retry() | Gone():
                pass

    def permits(self, look: Look, blur: timedelta) -> bool:
        """Whether this look proves that the message does not come any more."""
        if look.answer is LookUp.NOT_COMING:
            return True
        if not look.is_missing or self.last is None:
            return False
        last = self.last
        after = LAST_LATE_LOOK if _is_late(last) else LAST_LOOK
        since = last.noted_at
        taken_over_at = look.holder.adopted_at
        if self.is_vague and last.holder is not look.holder and taken_over_at and last.noted_at < taken_over_at:
            # Nobody knows what the clock showed when it left, nor how its sender fared.
            since, after = taken_over_at, LAST_LATE_LOOK
        return look.of >= since + after - blur

    def is_left_to_setting(self, look: Look, blur: timedelta) -> bool:
        """Whether looking ends with this look, though it has not found anything out."""
        reads = sum(one.read for one in self.looks)
        if look.is_missing:
            return reads >= MOST_LOOKS
        match look.answer:
            case LookUp.CANNOT_TELL:
                return True
            case Partly():
                return (look.read and reads >= MOST_LOOKS) or self._looked_for() >= LONGEST - blur
            case Retry():
                return self._looked_for() >= LONGEST_TROUBLE - blur
            case _:
                return False

    def must_be_left_to_setting(self, look: Look) -> bool:
        """Whether looking has to end with this look, by those alone that were surely made in a row."""
        row = [look]
        for one in reversed(self.looks[: self.looks.index(look)]):
            if not one.was_settled or one.takeovers != look.takeovers or isinstance(one.answer, Gone):
                break
            row.insert(0, one)
        looked_for = sum((min(b.began_at - a.began_at, TURN) for a, b in pairwise(row)), timedelta())
        has_read = sum(one.read for one in row) >= MOST_LOOKS and look.read
        return has_read or (isinstance(look.answer, Partly) and looked_for >= LONGEST)

    def _looked_for(self) -> timedelta:
        """How long it was looked for at most: whatever nobody did anything in counts for no more than a turn."""
        assert self.last is not None
        times = [self.last.noted_at, *(look.began_at for look in self.looks)]
        waits = [LAST_LATE_LOOK, *(_asked(look.answer) for look in self.looks)]
        gaps = zip(times, times[1:], waits, strict=False)
        # The wait that would come next counts as well where it is planned.
        return sum((min(later - sooner, wait + TURN) for sooner, later, wait in gaps), timedelta())

    def may_be_taken_for_sent(self, policy: UnknownPolicy, blur: timedelta) -> bool:
        """Whether it may count as sent though nobody has seen it."""
        if self.last is None or not self.looks or not self.is_left_to_setting(self.looks[-1], blur):
            return False
        return policy is UnknownPolicy.AT_MOST_ONCE or self._was_sent_long_enough(blur)

    def may_end_missing(self, look: Look, blur: timedelta) -> bool:
        """Whether it was sent again and again for long enough, and is not there."""
        return self.permits(look, blur) and self._was_sent_long_enough(blur)

    def _was_sent_long_enough(self, blur: timedelta) -> bool:
        return self.tried_for + self._looked_for() >= TRIED[True] - blur

    def may_be_given_up(self, answer: Retry, blur: timedelta) -> bool:
        """Whether a refusal that passes was waited for long enough to tell somebody."""
        return self.tried_for >= TRIED[answer.known] - blur

    def must_be_given_up(self, answer: Retry, blur: timedelta) -> bool:
        """Whether somebody has to be told."""
        return self.surely_tried_for >= TRIED[answer.known] + blur


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def _asked(answer: object) -> timedelta:
    match answer:
        case Retry(after=float() | int() as after) | Partly(after=after):
            return seconds(after)
        case Retry():
            return LONGEST_WAIT
        case _:
            return LAST_LATE_LOOK


def _is_late(request: Request) -> bool:
    return request.was_settled and isinstance(request.answer, Unknown) and request.answer.late
