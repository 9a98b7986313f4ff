"""Retries: what follows a request that failed, and a look-up that did not find its message.

Both policies are values that know no clock, no store and no platform: they decide, the worker does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum, auto

from bot.platforms.outcomes import LookUp, Partly, Retry, Unknown

LONGEST_WAIT = timedelta(days=1)  # whatever a platform asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a refusal that passes is waited for: as long as the platform says, else exponentially longer.

    With full jitter, so that a crowd does not stay one:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=15)
    #: After so long without success somebody should know.
    give_up_after: timedelta = timedelta(hours=24)
    #: The same where nobody has explained the refusal to us: it may well be one that does not pass.
    unknown_code_after: timedelta = timedelta(hours=1)

    def wait(self, outcome: Retry, *, attempts: int, tried_for: timedelta) -> timedelta | None:
        """How long to wait after that many earlier attempts; None gives up."""
        if tried_for >= (self.give_up_after if outcome.known else self.unknown_code_after):
            return None
        if outcome.after is not None:
            return asked_for(outcome.after)
        # 2 ** 16 times the first wait is days; a larger exponent would only overflow.
        return min(self.first * (1 << min(attempts, 16)), self.longest) * random.random()  # noqa: S311


class UnknownPolicy(StrEnum):
    """What becomes of a message where nobody can find out whether it arrived: a setting."""

    AT_MOST_ONCE = "at_most_once"
    AT_LEAST_ONCE = "at_least_once"


class Verdict(Enum):
    """What a look-up ends with, where it did not find the message."""

    SEND_AGAIN = auto()
    SETTING_DECIDES = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpPolicy:
    """When a message with an unknown outcome is looked for, and when the looking ends.

    A message that a complete look-up did not find so long after its request is not coming any more. A request that
    timed out may lie in a queue of the platform's for a while; one whose connection broke is done or not, unless a
    proxy between the two still has it.
    """

    #: How long after the request it is looked for; the first look counts from when the outcome turned out unknown. A
    #: time-out takes half a minute: so that is 5 s, half a minute and two minutes after it.
    marks: tuple[timedelta, ...] = (timedelta(seconds=5), timedelta(seconds=60))
    late_marks: tuple[timedelta, ...] = (timedelta(seconds=5), timedelta(seconds=60), timedelta(seconds=150))
    #: Look-ups that read something, for one request.
    most: int = 20
    #: Where the history may be read only so often, others may be before us. The page on promises names this time.
    longest: timedelta = timedelta(hours=3)
    #: Where the platform is in trouble, nothing can be sent again either: there is time.
    in_trouble: timedelta = timedelta(days=7)
    trouble_first: timedelta = timedelta(seconds=5)
    trouble_longest: timedelta = timedelta(minutes=15)
    #: What is sent again and again and never comes is sent again for so long. Somebody should know then.
    sent_again_for: timedelta = timedelta(hours=24)

    def first_wait(self, outcome: Unknown) -> timedelta:
        return (self.late_marks if outcome.late else self.marks)[0]

    def decide(
        self,
        found: Retry | Partly | LookUp,
        *,
        late: bool,
        look_ups: int,
        began_after: timedelta,
        elapsed: timedelta,
        looked_for: timedelta,
        tried_for: timedelta,
        progress: bool,
    ) -> timedelta | Verdict:
        """Ends the looking, or says how long to wait before the next look-up.

        `tried_for` is how long it was tried before the latest request. `look_ups` counts the earlier ones that read
        something. `elapsed` is how long ago the latest request left, and `began_after` how long after it the looking
        through began of which this look-up is the latest part. `looked_for` is how long somebody has been looking,
        which ends it: nobody looks while the bot is off. `progress` says whether a `Partly` read anything.
        """
        *sooner, last = self.late_marks if late else self.marks
        # What was sent in vain again and again is left alone for as long again as all of it took: that doubles.
        rest = min(tried_for, self.trouble_longest)
        marks = (*sooner, max(last, rest))
        match found:
            case LookUp.CANNOT_TELL | LookUp.NOT_COMING if elapsed < rest:
                return min(rest - elapsed, rest)
            case LookUp.CANNOT_TELL:
                return Verdict.SETTING_DECIDES
            case LookUp.NOT_COMING:
                return Verdict.SEND_AGAIN
            case LookUp.MISSING if began_after >= marks[-1]:
                return Verdict.SEND_AGAIN
            case LookUp.MISSING if look_ups + 1 >= self.most:
                return Verdict.SETTING_DECIDES
            case LookUp.MISSING:
                # A clock that was set back must not make it wait longer than planned.
                next_mark = next(mark for mark in marks if mark > began_after)
                return min(max(next_mark - elapsed, timedelta()), marks[-1])
            case Partly() if looked_for >= self.longest or (progress and look_ups + 1 >= self.most):
                return Verdict.SETTING_DECIDES
            case Partly(after=after):
                return asked_for(after)
            case Retry() if looked_for >= self.in_trouble:
                return Verdict.SETTING_DECIDES
            case Retry(after=float() | int() as after):
                return asked_for(after)
            case Retry():
                # As long again as all of it so far: that doubles, and needs no count.
                wait = min(max(looked_for, self.trouble_first), self.trouble_longest)
                return wait * random.uniform(0.5, 1.0)  # noqa: S311

    def tried(self, looked_for: timedelta) -> timedelta:
        """How much of the time for which a message was looked for counts as trying to send it: while a platform lets
        nobody look, nobody tries."""
        return min(looked_for, self.longest)


def asked_for(seconds: float) -> timedelta:
    """A wait that a platform asks for, within what makes sense."""
    return timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT.total_seconds()))
