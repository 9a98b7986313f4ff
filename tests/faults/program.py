"""A process of the program that can be killed, stopped, cramped, and asked how it is."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import mmap
import multiprocessing
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import apscheduler.schedulers.base
import psutil
from sqlalchemy import event
from sqlalchemy.engine import Engine

import bot.clocks
from bot.app.command_line.program import main
from tests.faults.pace import hasten
from tests.forked import context

_EVERY = 0.25  # seconds between two reports
#: By how much its clock is ahead, and after how long names of machines are not found; in seconds.
_SURROUNDINGS = struct.Struct("dd")


@dataclass(frozen=True, slots=True)
class Use:
    """What a process holds: open files, tasks, bytes of memory."""

    files: int
    tasks: int
    memory: int


class Program:
    """`paperround run`, started anew as often as it ends. Its log goes to a file by way of a pipe, so that a full disk
    does not hide what it says.

    With a library that is `preloaded` (`realtime`) the whole process has a wrong clock, not only what reads one in
    Python.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], port: int, *, number: int, preloaded: Path | None = None
    ) -> None:
        self.number = number
        self.port = port
        self.log = folder / f"log-{number}.txt"
        self.database_errors = 0
        self.starts = 0
        self.died: list[str] = []
        self._environment = {**environment, "PAPERROUND_WEB_PORT": str(port)}
        self._clock = folder / f"clock-{number}"
        self._clock.write_bytes(_SURROUNDINGS.pack(0.0, 0.0))
        self._ahead, self._names = 0.0, 0.0
        self._preloaded = preloaded
        self._pipe = folder / f"log-{number}.pipe"
        os.mkfifo(self._pipe)
        self._process: Any = None
        self._use = Use(0, 0, 0)
        self._files: int | None = None
        self._closed = False
        self._reading = threading.Thread(target=self._copy_log, daemon=True)
        self._reading.start()

    def _copy_log(self) -> None:
        descriptor = os.open(self._pipe, os.O_RDWR)
        with self.log.open("ab", buffering=0) as log:
            while not self._closed:
                log.write(os.read(descriptor, 65_536))
        os.close(descriptor)

    # ---- its life

    def start(self) -> None:
        receiver, sender = context().Pipe(duplex=False)
        arguments = (self._environment, str(self._pipe), str(self._clock), sender, self._preloaded is not None)
        if self._preloaded is None:
            self._process = context().Process(target=_run, args=arguments)
            self._process.start()
        else:
            with _set({"LD_PRELOAD": str(self._preloaded), "REALTIME_AHEAD": str(self._clock)}):
                self._process = multiprocessing.get_context("spawn").Process(target=_run, args=arguments)
                self._process.start()
        sender.close()
        self.starts += 1
        threading.Thread(target=self._listen, args=(receiver,), daemon=True).start()

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.exitcode is None

    @property
    def exit_code(self) -> int | None:
        """With what it ended; the number of a signal is negative."""
        code: int | None = self._process.exitcode
        return code

    @property
    def pid(self) -> int:
        pid: int | None = self._process.pid
        if pid is None:
            raise ProcessLookupError("it is about to start")
        return pid

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._process.join()

    def stop(self) -> int:
        """Ends it as an operator would; returns its exit code."""
        self.signal(signal.SIGTERM)
        self._process.join(20)
        if self._process.exitcode is None:
            self.kill()
            self.died.append("it did not end within 20 seconds")
        code: int = self._process.exitcode
        return code

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it has just ended by itself, which its exit code says
            os.kill(self.pid, number)

    def close(self) -> None:
        if self.runs:
            self.signal(signal.SIGCONT)
            self.kill()
        self._closed = True
        with self._pipe.open("wb", buffering=0) as pipe:
            pipe.write(b"\n")
        self._reading.join(5)

    # ---- its surroundings

    def may_write(self, size: int | None) -> None:
        """Lets files grow to so many bytes, as a full disk would; None for as many as it likes."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def set_clock(self, ahead: float) -> None:
        """Puts its clock so many seconds ahead of the machine's, or behind it."""
        self._ahead = ahead
        self._tell()

    def lose_names(self, after: float | None) -> None:
        """Has no name of a machine be found, which is said after so many seconds; None to find them again."""
        self._names = 0.0 if after is None else max(after, 0.001)
        self._tell()

    def _tell(self) -> None:
        with self._clock.open("r+b") as file:  # never shorter than whoever has mapped it believes
            file.write(_SURROUNDINGS.pack(self._ahead, self._names))

    def may_open(self, files: int | None) -> None:
        """Lets it have so many files and connections open; None for as many as it had."""
        soft, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        if files is None:
            resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (self._files or soft, hard))
        else:
            self._files = self._files or soft
            resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (files, hard))

    # ---- how it is

    @property
    def use(self) -> Use:
        """What it held a moment ago."""
        return self._use

    def is_ready(self) -> str:
        """What is wrong by its own word; empty when nothing is."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return "" if answer.status == 200 else f"/readyz answers {answer.status}"
        except urllib.error.HTTPError as error:
            return f"/readyz answers {error.code}: {error.read()[:300].decode()}"
        except OSError as error:
            return f"/readyz: {error}"

    def _listen(self, reports: Connection) -> None:
        try:
            while True:
                told = json.loads(reports.recv_bytes())
                self.database_errors += told["database_errors"]
                self._use = Use(told["files"], told["tasks"], told["memory"])
        except (EOFError, OSError):
            return


def realtime(folder: Path) -> Path:
    """The library that sets a process's clock, compiled."""
    library = folder / "realtime.so"
    source = Path(__file__).with_name("realtime.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lm"], check=True)
    return library


@contextmanager
def _set(environment: Mapping[str, str]) -> Iterator[None]:
    """Has these in the environment of what is started meanwhile."""
    os.environ.update(environment)
    try:
        yield
    finally:
        for name in environment:
            del os.environ[name]


def _run(environment: dict[str, str], log: str, clock: str, reports: Connection, preloaded: bool) -> None:
    os.environ.clear()
    os.environ.update(environment)
    descriptor = os.open(log, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    faulthandler.register(signal.SIGUSR1, file=descriptor)
    hasten()
    with Path(clock).open("rb") as opened:
        told = mmap.mmap(opened.fileno(), _SURROUNDINGS.size, access=mmap.ACCESS_READ)
    if not preloaded:
        _set_back_and_forth(lambda: _SURROUNDINGS.unpack(told[:])[0])
    _lose_names(lambda: _SURROUNDINGS.unpack(told[:])[1])
    policy = _Policy()
    asyncio.set_event_loop_policy(policy)
    threading.Thread(target=_report, args=(reports, policy), daemon=True).start()
    sys.argv = ["paperround", "run"]
    main()


def _set_back_and_forth(wrong: Callable[[], float]) -> None:
    """Has the machine's clock, as the program and its alarms read it, be so far from the right one."""

    class Shown(datetime):
        """What the machine's clock shows to those who ask it for a `datetime`."""

        asked = False

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            cls.asked = True
            return datetime.now(tz) + timedelta(seconds=wrong())  # SQLite's driver takes no other class

    right = time.time
    time.time = lambda: right() + wrong()
    modules: tuple[Any, ...] = (bot.clocks, apscheduler.schedulers.base)
    for module in modules:
        module.datetime = Shown
    bot.clocks.machine_time()
    assert Shown.asked, "the program has its time from elsewhere"


def _lose_names(after: Callable[[], float]) -> None:
    """Has no name be found for as long as `after` says so."""
    look_up = socket.getaddrinfo

    def found(host: Any, *arguments: Any, **more: Any) -> Any:
        if host == "localhost" and (seconds := after()):
            time.sleep(seconds)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return look_up("127.0.0.1" if host == "localhost" else host, *arguments, **more)

    socket.getaddrinfo = found


class _Policy(asyncio.DefaultEventLoopPolicy):
    """The usual one, which knows the loops that were made."""

    def __init__(self) -> None:
        super().__init__()
        self.loops: list[asyncio.AbstractEventLoop] = []

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        self.loops.append(super().new_event_loop())
        return self.loops[-1]


def _report(reports: Connection, policy: _Policy) -> None:
    """Says every now and then how this process is, and how many statements its database has refused since."""
    errors: Counter[str] = Counter()
    event.listen(Engine, "handle_error", lambda _context: errors.update(["refused"]))
    process = psutil.Process()
    told = 0
    while True:
        time.sleep(_EVERY)
        try:
            files, memory = process.num_fds(), process.memory_info().rss
        except OSError:  # it is short of file descriptors
            continue
        total = errors["refused"]
        told, new = total, total - told
        tasks = sum(len(asyncio.all_tasks(loop)) for loop in list(policy.loops) if not loop.is_closed())
        said = {"database_errors": new, "files": files, "tasks": tasks, "memory": memory}
        try:
            reports.send_bytes(json.dumps(said).encode())
        except OSError:
            return
