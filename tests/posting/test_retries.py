"""Retries: both policies end, whatever is answered, and wait no longer than they say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.outcomes import LookUp, Partly, Retry, Unknown
from bot.posting.retries import LONGEST_WAIT, LookUpPolicy, RetryPolicy, Verdict

RETRIES = RetryPolicy()
LOOK_UPS = LookUpPolicy()
SECONDS = st.one_of(st.none(), st.floats(allow_nan=False))


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def decide(found: Retry | Partly | LookUp, elapsed: float, **more: object) -> timedelta | Verdict:
    known: dict[str, object] = {
        "late": False,
        "look_ups": 0,
        "progress": False,
        "began_after": seconds(elapsed),
        "looked_for": seconds(elapsed),
        "tried_for": timedelta(),
    }
    return LOOK_UPS.decide(found, elapsed=seconds(elapsed), **(known | more))  # type: ignore[arg-type]


def test_a_platform_is_left_alone_for_as_long_as_it_asks() -> None:
    assert RETRIES.wait(Retry("busy", 7.5), attempts=9, tried_for=timedelta(hours=23)) == seconds(7.5)


@given(after=SECONDS, attempts=st.integers(0, 10**9), known=st.booleans())
def test_a_wait_is_never_negative_nor_without_end(after: float | None, attempts: int, known: bool) -> None:
    wait = RETRIES.wait(Retry("busy", after, known=known), attempts=attempts, tried_for=timedelta())
    assert wait is not None
    assert timedelta() <= wait <= (RETRIES.longest if after is None else LONGEST_WAIT)


@pytest.mark.parametrize(("known", "hours"), [(True, 24), (False, 1)])
def test_what_we_know_is_tried_for_a_day_and_an_unknown_code_for_an_hour(known: bool, hours: int) -> None:
    refused = Retry("no", known=known)
    assert RETRIES.wait(refused, attempts=3, tried_for=timedelta(hours=hours) - seconds(1)) is not None
    assert RETRIES.wait(refused, attempts=3, tried_for=timedelta(hours=hours)) is None


def test_after_a_time_out_is_looked_three_times_and_else_twice() -> None:
    assert decide(LookUp.MISSING, 5) == seconds(55)
    assert decide(LookUp.MISSING, 40) == seconds(20)  # when a message may still come that a proxy held
    assert decide(LookUp.MISSING, 60) is Verdict.SEND_AGAIN
    assert LOOK_UPS.first_wait(Unknown("no answer", late=True)) == seconds(5)
    assert decide(LookUp.MISSING, 35, late=True) == seconds(25)
    assert decide(LookUp.MISSING, 60, late=True) == seconds(90)
    assert decide(LookUp.MISSING, 150, late=True) is Verdict.SEND_AGAIN


def test_what_does_not_come_any_more_is_sent_again_at_once() -> None:
    assert decide(LookUp.NOT_COMING, 0, late=True) is Verdict.SEND_AGAIN


@pytest.mark.parametrize("late", [False, True])
def test_what_was_sent_in_vain_again_and_again_is_left_alone_for_longer_each_time(late: bool) -> None:
    last = (LOOK_UPS.late_marks if late else LOOK_UPS.marks)[-1]
    for minutes in (4, 8, 15, 600):
        rest = min(timedelta(minutes=minutes), LOOK_UPS.trouble_longest)
        for found in (LookUp.MISSING, LookUp.NOT_COMING, LookUp.CANNOT_TELL):
            before, after = (
                decide(found, rest.total_seconds() + off, late=late, tried_for=timedelta(minutes=minutes))
                for off in (-1, 0)
            )
            assert before == seconds(1)
            assert isinstance(after, Verdict)
        assert decide(LookUp.MISSING, last.total_seconds(), late=late, tried_for=seconds(20)) is Verdict.SEND_AGAIN


def test_time_in_which_nobody_may_look_is_no_time_in_which_somebody_tries_to_send() -> None:
    assert LOOK_UPS.tried(seconds(70)) == seconds(70)
    assert LOOK_UPS.tried(timedelta(days=6)) == LOOK_UPS.longest


def test_what_was_read_before_the_message_could_be_there_proves_nothing() -> None:
    # The first page was read 5 s after the request, the last one four minutes later.
    assert decide(LookUp.MISSING, 245, began_after=seconds(5)) == timedelta()


def test_a_history_that_is_read_page_by_page_comes_to_an_end() -> None:
    assert decide(Partly("next", 60.0), 65, progress=True) == seconds(60)
    assert decide(Partly("next", 60.0), 65, progress=True, look_ups=LOOK_UPS.most - 1) is Verdict.SETTING_DECIDES
    # Whoever waits for a turn has read nothing, and does not count it.
    assert decide(Partly("", 60.0), 65, look_ups=LOOK_UPS.most) == seconds(60)
    assert decide(Partly("", 60.0), LOOK_UPS.longest.total_seconds()) is Verdict.SETTING_DECIDES


def test_where_nobody_can_tell_the_setting_decides() -> None:
    assert decide(LookUp.CANNOT_TELL, 5) is Verdict.SETTING_DECIDES


ANSWERS = st.one_of(
    st.sampled_from([LookUp.MISSING, LookUp.NOT_COMING]),
    st.builds(Partly, st.just("next"), st.floats(0, 1e6)),
    st.builds(Retry, st.just("trouble"), st.one_of(st.none(), st.floats(0, 1e6))),
)


@given(
    answers=st.lists(st.tuples(ANSWERS, st.booleans()), min_size=1, max_size=8),
    late=st.booleans(),
    tried_for=st.timedeltas(timedelta(), timedelta(days=2)),
)
def test_looking_ends_whatever_is_answered(
    answers: list[tuple[Retry | Partly | LookUp, bool]], late: bool, tried_for: timedelta
) -> None:
    """Under any pattern of answers, and if every look-up takes ten seconds of its own."""
    elapsed, count, tries, began = 5.0, 0, 0, 5.0
    while True:
        found, progress = answers[tries % len(answers)]
        progress = progress and isinstance(found, Partly)
        decision = decide(
            found,
            elapsed,
            late=late,
            look_ups=count,
            progress=progress,
            began_after=seconds(began),
            tried_for=tried_for,
        )
        if isinstance(decision, Verdict):
            break
        count += progress or isinstance(found, LookUp)
        tries += 1
        elapsed += decision.total_seconds() + 10
        began = began if isinstance(found, Partly) else elapsed
        assert tries < 70_000
    assert elapsed < (LOOK_UPS.in_trouble + LONGEST_WAIT).total_seconds() + 1e6
