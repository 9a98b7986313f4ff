"""A shell in which `paperround` is the program of this folder, forked from one that has imported it.

Starting an interpreter takes longer than all that the commands of a document do. What stands in the place of the
program writes down how it was called, and waits for what the fork has written.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.app.command_line.program import main
from tests.forked import Forked

_PROGRAM = """\
#!/bin/sh
call="$CALLS/$$"
env -0 > "$call.environment"
pwd > "$call.folder"
[ $# -eq 0 ] || printf '%s\\0' "$@" > "$call.arguments"
: > "$call.call"
while [ ! -e "$call.code" ]; do
  kill -0 "$PPID" || exit 1  # the shell was killed: nobody will answer
  sleep 0.02
done
cat "$call.stdout"; cat "$call.stderr" >&2
exit "$(cat "$call.code")"
"""


def run_in_shell(script: str, folder: Path, environment: Mapping[str, str], seconds: float) -> tuple[int, str]:
    """The exit code of a script, and all that it has written. Raises `TimeoutError`."""
    calls = folder / ".calls"
    calls.mkdir()
    program = calls / "paperround"
    program.write_text(_PROGRAM)
    program.chmod(0o755)
    written = calls / "written"
    path = f"{calls}:{environment['PATH']}"
    with written.open("w") as output:
        shell = subprocess.Popen(
            ["bash", "-c", f"set -euo pipefail\n{script}"],
            cwd=folder, env={**environment, "PATH": path, "CALLS": str(calls)}, stdout=output, stderr=output,
        )  # fmt: skip
        deadline = time.monotonic() + seconds
        try:
            while shell.poll() is None:
                for call in _calls(calls):
                    _answer(call, deadline - time.monotonic())
                if time.monotonic() > deadline:
                    raise TimeoutError(written.read_text())
                time.sleep(0.02)
        finally:
            shell.kill()
            shell.wait()
    return shell.returncode, written.read_text()


def _calls(folder: Path) -> Iterator[Path]:
    for call in folder.glob("*.call"):
        call.unlink()
        yield call


def _answer(call: Path, seconds: float) -> None:
    arguments = call.with_suffix(".arguments")
    given = arguments.read_text().split("\0")[:-1] if arguments.exists() else []
    pairs = call.with_suffix(".environment").read_text().split("\0")[:-1]
    environment = dict(pair.split("=", 1) for pair in pairs)
    folder = call.with_suffix(".folder").read_text().strip()
    stdout, stderr = call.with_suffix(".stdout"), call.with_suffix(".stderr")
    stdout.touch()
    stderr.touch()
    code = Forked(_paperround, folder, given, environment, stdout=stdout, stderr=stderr).wait(seconds)
    unfinished = call.with_suffix(".ended")
    unfinished.write_text(str(code))
    unfinished.rename(call.with_suffix(".code"))


def _paperround(folder: str, arguments: list[str], environment: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["paperround", *arguments]
    main()
