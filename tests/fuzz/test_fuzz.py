"""A moment of fuzzing, and every input that ever crashed something."""

from __future__ import annotations

import json
import random
import signal
from itertools import islice, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.documents import changed_value
from tests.fuzz.inputs import TOKENS, Inputs
from tests.fuzz.running import FOUND, too_slow
from tests.fuzz.target import RunningTarget, Target
from tests.fuzz.targets import TARGETS

#: Inputs of each target: enough to see that it runs. `make fuzz` tries millions.
FEW = 60
#: Of one that needs more of the bot around it: what is changed is some of its corpus.
FEWER = 8
#: Bytes of a long input, the rows that are in it, and the seconds of processor time that it may take.
LONG = 100_000
LONG_ROWS = (b"x", b"\t,", "\u2028".encode(), b"g. A ", b"(a)")
LONG_TIME = 4.0
SIMPLE = [target for target in TARGETS.values() if isinstance(target, Target)]
RUNNING = [target for target in TARGETS.values() if isinstance(target, RunningTarget)]
CRASHES = sorted(path for path in FOUND.glob("*/*") if path.is_file())


@pytest.mark.parametrize("target", SIMPLE, ids=lambda target: target.name)
def test_what_others_wrote_is_read_or_refused_in_words(target: Target) -> None:
    inputs = Inputs(target.corpus(), seed=1)
    for _, data in zip(range(FEW), inputs, strict=False):
        target.is_read(data)


@pytest.mark.parametrize("target", RUNNING, ids=lambda target: target.name)
async def test_what_comes_in_is_answered_or_refused_in_words(target: RunningTarget) -> None:
    async with target.running() as running:
        random.Random(1).shuffle(corpus := list(running.corpus))
        few = corpus[:FEWER]
        for data in (*few, *islice(Inputs(few, seed=1), len(few), 2 * FEWER)):
            await running.read(data)


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: f"{path.parent.name}-{path.name}")
async def test_what_once_crashed_is_read_or_refused_in_words(path: Path) -> None:
    target = TARGETS[path.parent.name]
    if isinstance(target, Target):
        target.is_read(path.read_bytes())
    else:
        async with target.running() as running:
            await running.read(path.read_bytes())


def test_the_same_seed_gives_the_same_inputs() -> None:
    corpus = [b"one", b"another"]
    first, second = (list(zip(range(200), Inputs(corpus, seed=7), strict=False)) for _ in range(2))
    assert first == second
    assert len({data for _, data in first}) > 150


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda any_: st.lists(any_) | st.dictionaries(st.text(), any_),
    )
)
def test_json_with_a_changed_value_is_json(document: object) -> None:
    data = json.dumps(document).encode()
    for seed in range(20):
        changed = changed_value(data, random.Random(seed), TOKENS)
        assert changed is not None
        json.loads(changed.decode("utf-8", "surrogatepass"))


def test_what_is_no_json_has_no_values_to_change() -> None:
    assert changed_value(b"{", random.Random(1), TOKENS) is None
    assert changed_value(b"[" * 5_000, random.Random(1), TOKENS) is None


@pytest.mark.parametrize("target", SIMPLE, ids=lambda target: target.name)
def test_no_long_input_takes_long(target: Target) -> None:
    """A time that grows with the square of the length is over a minute here, where others take less than a second."""
    before = signal.signal(signal.SIGVTALRM, too_slow)
    try:
        for piece, one in product(LONG_ROWS, target.corpus()[:2]):
            half = one[: len(one) // 2]
            signal.setitimer(signal.ITIMER_VIRTUAL, LONG_TIME)
            target.is_read(half + piece * (LONG // len(piece)) + one[len(half) :])
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
