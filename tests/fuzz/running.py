"""Running targets: each in a process of its own, which bounds the memory and the time that an input may take."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import multiprocessing
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import structlog

from bot.errors import PaperRoundError
from storage.database import database
from tests.fuzz.inputs import Inputs
from tests.fuzz.target import RunningTarget, Target
from tests.inline_sqlite import inline_connection

FOUND = Path(__file__).parent / "found"
#: Seconds of processor time for one input, and bytes of memory for all of the process.
LONGEST_TIME = 2.0
MOST_MEMORY = 2 << 30
_FRAME = re.compile(r'File "[^"]+", line \d+')
#: A target that crashes so often is not looked into any further.
MOST_CRASHES = 20
#: Seconds between two looks at the clock, in inputs.
_LOOK_EVERY = 64


class TooSlowError(Exception):
    """An input that takes longer than any should."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run: `crashes` are the files that hold the inputs, `slowest` is in seconds of processor time."""

    target: str
    inputs: int
    seconds: float
    slowest: float
    crashes: tuple[str, ...]


def run(target: Target | RunningTarget, *, seconds: float, seed: int) -> Outcome:
    """Tries inputs for so long, in a process of its own."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_in_process, args=(target, seconds, seed, sender))
    process.start()
    sender.close()
    try:
        told: dict[str, Any] = json.loads(receiver.recv())
    except EOFError:
        process.join()
        told = asdict(Outcome(target.name, 0, 0.0, 0.0, (f"the process ended with {process.exitcode}",)))
    process.join()
    return Outcome(**told | {"crashes": tuple(told["crashes"])})


def _in_process(target: Target | RunningTarget, seconds: float, seed: int, sender: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    quiet()
    # Threads of databases would make each input wait for its turn on the processor some dozen times.
    vars(database)["sqlite_connection"] = inline_connection
    sender.send(json.dumps(asdict(outcome_of(target, seconds=seconds, seed=seed))))


def quiet() -> None:
    """Has nothing logged: what is odd about inputs is what is wanted of them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def outcome_of(target: Target | RunningTarget, *, seconds: float, seed: int) -> Outcome:
    """Tries inputs for so long, here."""
    signal.signal(signal.SIGVTALRM, _too_slow)
    if isinstance(target, Target):
        return _Run(target.name, seconds).all(target.is_read, iter(Inputs(target.corpus(), seed)))
    return asyncio.run(_running(target, seconds, seed))


async def _running(target: RunningTarget, seconds: float, seed: int) -> Outcome:
    async with target.running() as running:
        return await _Run(target.name, seconds).all_awaited(running.read, iter(Inputs(running.corpus, seed)))


class _Run:
    def __init__(self, name: str, seconds: float) -> None:
        self._name = name
        self._began = time.monotonic()
        self._until = self._began + seconds
        self._tried = 0
        self._slowest = 0.0
        self._crashes: list[str] = []
        self._places: set[str] = set()

    def all(self, read: Callable[[bytes], None], inputs: Iterator[bytes]) -> Outcome:
        for data in inputs:
            with self._input(data):
                read(data)
            if self._is_over():
                break
        return self._outcome()

    async def all_awaited(self, read: Callable[[bytes], Awaitable[object]], inputs: Iterator[bytes]) -> Outcome:
        for data in inputs:
            with self._input(data):
                await read(data)
            if self._is_over():
                break
        return self._outcome()

    @contextmanager
    def _input(self, data: bytes) -> Iterator[None]:
        began = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_TIME)
        try:
            yield
        except PaperRoundError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it should not have happened
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            self._keep(data, error)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        self._slowest = max(self._slowest, time.process_time() - began)
        self._tried += 1

    def _keep(self, data: bytes, error: Exception) -> None:
        """Keeps the first input of each kind of crash: those of one place in the code are of one kind."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}"
        if logged := _FRAME.findall(str(error)):
            place = f"logged {logged[-1]}"  # a traceback that somebody wrote into the log
        if isinstance(error, TooSlowError):
            place = f"{type(error).__name__} {next((f.name for f in reversed(frames) if 'bot' in f.filename), '')}"
        if place in self._places:
            return
        self._places.add(place)
        path = FOUND / self._name / hashlib.sha256(data).hexdigest()[:16]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._crashes.append(str(path))
        print(f"{path}: {place}\n{''.join(traceback.format_exception(error)[-6:])}", file=sys.stderr, flush=True)

    def _is_over(self) -> bool:
        many = len(self._crashes) >= MOST_CRASHES
        return many or (self._tried % _LOOK_EVERY == 0 and time.monotonic() >= self._until)

    def _outcome(self) -> Outcome:
        return Outcome(self._name, self._tried, time.monotonic() - self._began, self._slowest, tuple(self._crashes))


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    raise TooSlowError(f"longer than {LONGEST_TIME:g} seconds")
