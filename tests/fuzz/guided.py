"""Inputs that are led by what they reach: those that come to new code are changed further (Atheris, libFuzzer).

Our packages have to be instrumented as they are imported: see `tests.fuzz.instrumentation`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.fuzz.documents import changed_value
from tests.fuzz.inputs import BY_VALUE, TOKENS
from tests.fuzz.outcome import Outcome
from tests.fuzz.running import Trial, bound
from tests.fuzz.target import RunningTarget, Target

#: Bytes of the longest input; it begins with short ones.
LONGEST = 8_192
#: Seconds on the wall's clock for an input, and MB for the process, whatever it does: beyond the bounds of all runs.
_HANGS_AFTER, _MOST_MEMORY = 60, 2_048
#: Bytes of the longest word that libFuzzer takes.
_LONGEST_WORD = 64
#: Seconds between two words about how far it is.
_TOLD_EVERY = 5.0
_REACHED = re.compile(r"^#\d+\s+\S+\s+cov: (\d+)")
#: Lines of what was said that are shown where something is wrong.
_SHOWN = 60


def run(target: Target | RunningTarget, *, seconds: float, seed: int, corpus: Path | None = None) -> Outcome:
    """Tries inputs for so long, in a process of its own. `corpus` is the folder that keeps those that reached
    something new, for the next run."""
    with tempfile.TemporaryDirectory(prefix="paperround-guided-") as name:
        folder = Path(name)
        kept = (corpus if corpus is not None else folder / "corpus") / target.name
        kept.mkdir(parents=True, exist_ok=True)
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_in_process, args=(target, seconds, seed, kept, folder, sender))
        process.start()
        sender.close()
        outcome = Outcome(target.name)
        while (told := _told(receiver)) is not None:
            outcome = told
        process.join()
        said = (folder / "log").read_text(errors="replace").splitlines()
    edges = [int(found[1]) for line in said if (found := _REACHED.match(line))]
    if process.exitcode:
        outcome = replace(outcome, crashes=(*outcome.crashes, f"the process ended with {process.exitcode}"))
    if outcome.crashes:
        print("\n".join([line for line in said if not _REACHED.match(line)][-_SHOWN:]), file=sys.stderr, flush=True)
    return replace(outcome, edges=(edges[0], edges[-1]) if edges else None)


def _told(receiver: Any) -> Outcome | None:
    try:
        return Outcome.of(json.loads(receiver.recv()))
    except EOFError:
        return None


def _in_process(
    target: Target | RunningTarget, seconds: float, seed: int, corpus: Path, folder: Path, sender: Any
) -> None:
    import atheris

    with (folder / "log").open("w") as log:
        os.dup2(log.fileno(), 2)  # what libFuzzer writes to
    tempfile.tempdir = str(folder)  # which is removed however this ends
    bound()
    trial = Trial(target.name, seconds)
    seeds: Sequence[bytes]
    if isinstance(target, RunningTarget):
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        lasting = target.running()  # which ends what it began when nobody holds it any more
        running = loop.run_until_complete(lasting.__aenter__())
        seeds = running.corpus

        def read(data: bytes) -> None:
            loop.run_until_complete(trial.of_awaited(running.read, data))

    else:
        seeds, reader = target.corpus(), target.is_read

        def read(data: bytes) -> None:
            trial.of(reader, data)

    for one in seeds:
        (corpus / hashlib.sha256(one).hexdigest()[:16]).write_bytes(one)
    (words := folder / "words").write_text(_dictionary())
    bounds = (f"-max_len={LONGEST}", f"-timeout={_HANGS_AFTER}", f"-rss_limit_mb={_MOST_MEMORY}")
    files = (f"-dict={words}", f"-artifact_prefix={folder}/", "-reload=0", str(corpus))
    arguments = [sys.argv[0], f"-seed={seed % 2**32}", *bounds, *files]
    if any(one[:1] in (b"{", b"[") for one in seeds):
        atheris.Setup(arguments, _counted(trial, read, sender), custom_mutator=_changed)
    else:
        atheris.Setup(arguments, _counted(trial, read, sender))
    atheris.Fuzz()


def _changed(data: bytes, largest: int, seed: int) -> bytes:
    """What libFuzzer asks for another input, where inputs are JSON."""
    import atheris

    chance = random.Random(seed)
    by_value = data[:1] in (b"{", b"[") and chance.random() < BY_VALUE
    changed = changed_value(data, chance, TOKENS) if by_value else None
    if changed is not None and len(changed) <= largest:
        return changed
    mutated: bytes = atheris.Mutate(data, largest)
    return mutated


def _counted(trial: Trial, read: Callable[[bytes], None], sender: Any) -> Callable[[bytes], None]:
    """What libFuzzer calls with each input. The process ends with the last one: libFuzzer has no other way out."""
    told = time.monotonic()

    def read_one(data: bytes) -> None:
        nonlocal told
        read(data)
        over = trial.is_over
        if over or time.monotonic() - told >= _TOLD_EVERY:
            told = time.monotonic()
            sender.send(json.dumps(asdict(trial.outcome)))
        if over:
            os._exit(0)

    return read_one


def _dictionary() -> str:
    words = {token for token in TOKENS if len(token) <= _LONGEST_WORD}
    return "".join('"{}"\n'.format("".join(f"\\x{byte:02x}" for byte in word)) for word in sorted(words))
