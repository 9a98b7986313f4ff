"""Trying inputs: each within bounds of time, counted, and kept where it crashed something.

`run` tries what is changed by chance, in a process of its own; `tests.fuzz.guided` what reaches new code.
"""

from __future__ import annotations

import asyncio
import gc
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
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import structlog

from bot.errors import PaperRoundError
from storage.database import database
from tests.fuzz.inputs import Inputs
from tests.fuzz.outcome import Outcome
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


def run(target: Target | RunningTarget, *, seconds: float, seed: int, corpus: Path | None = None) -> Outcome:
    """Tries inputs for so long, in a process of its own; those that `tests.fuzz.guided` kept in `corpus` are changed as
    well."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_in_process, args=(target, seconds, seed, corpus, sender))
    process.start()
    sender.close()
    try:
        told: dict[str, Any] = json.loads(receiver.recv())
    except EOFError:
        process.join()
        told = asdict(Outcome(target.name, crashes=(f"the process ended with {process.exitcode}",)))
    process.join()
    return Outcome.of(told)


def _in_process(target: Target | RunningTarget, seconds: float, seed: int, corpus: Path | None, sender: Any) -> None:
    bound()
    kept = [one.read_bytes() for one in sorted((corpus / target.name).glob("*"))] if corpus is not None else []
    sender.send(json.dumps(asdict(_outcome_of(target, seconds, seed, kept))))


def bound() -> None:
    """Makes this process ready: little memory, a bound for each input, nothing logged, no threads for databases."""
    gc.freeze()  # what was imported stays, and need not be looked through again and again
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGVTALRM, too_slow)
    # What is odd about inputs is what is wanted of them.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    # Threads of databases would make each input wait for its turn on the processor some dozen times.
    vars(database)["sqlite_connection"] = inline_connection


def _outcome_of(target: Target | RunningTarget, seconds: float, seed: int, kept: Sequence[bytes]) -> Outcome:
    trial = Trial(target.name, seconds)
    if isinstance(target, RunningTarget):
        return asyncio.run(_running(target, trial, seed, kept))
    trial.of_all(target.is_read, Inputs([*target.corpus(), *kept], seed))
    return trial.outcome


async def _running(target: RunningTarget, trial: Trial, seed: int, kept: Sequence[bytes]) -> Outcome:
    async with target.running() as running:
        for data in Inputs([*running.corpus, *kept], seed):
            await trial.of_awaited(running.read, data)
            if trial.is_over:
                break
        return trial.outcome


class Trial:
    """The inputs of one target, for so many seconds."""

    def __init__(self, name: str, seconds: float) -> None:
        self._name = name
        self._until = time.monotonic() + seconds
        self._began = time.process_time()
        self._tried = 0
        self._slowest = 0.0
        self._crashes: list[str] = []
        self._places: set[str] = set()

    def of_all(self, read: Callable[[bytes], None], inputs: Iterable[bytes]) -> None:
        """Tries the inputs until the time is over. Many take so little that looking after each would take longer."""
        before = set_at = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_TIME)
        for data in inputs:
            try:
                read(data)
            except PaperRoundError:
                pass
            except Exception as error:  # noqa: BLE001 - whatever it is, it should not have happened
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
                self._keep(data, error)
                set_at = 0.0
            now = time.process_time()
            self._slowest = max(self._slowest, now - before)
            before = now
            self._tried += 1
            if now - set_at > LONGEST_TIME / 4:
                signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_TIME)
                set_at = now
            if not self._tried % _LOOK_EVERY and self.is_over:
                break
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def of(self, read: Callable[[bytes], None], data: bytes) -> None:
        with self._input(data):
            read(data)

    async def of_awaited(self, read: Callable[[bytes], Awaitable[object]], data: bytes) -> None:
        with self._input(data):
            await read(data)

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

    @property
    def is_over(self) -> bool:
        many = len(self._crashes) >= MOST_CRASHES
        return many or (self._tried % _LOOK_EVERY == 0 and time.monotonic() >= self._until)

    @property
    def outcome(self) -> Outcome:
        """What came of it so far."""
        return Outcome(
            self._name,
            inputs=self._tried,
            cpu=time.process_time() - self._began,
            slowest=self._slowest,
            memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            crashes=tuple(self._crashes),
        )


def too_slow(_number: int, _frame: FrameType | None) -> None:
    """Ends an input that takes too long."""
    raise TooSlowError(f"longer than {LONGEST_TIME:g} seconds")
