"""Regular expressions of the whole project against text that means harm: each comes to its end."""

from __future__ import annotations

import ast
import importlib
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

ROOT = Path(__file__).parents[1]
#: Of this process's own time. A pattern that goes back and forth over its text would take years, others take moments.
SECONDS = 5
LENGTH = 600
PUMPS = ("a", "0", " ", "-", ".", "a-", "a.", "a ", "\\", "{", "$", "/", "a@", "<", "&a;", ":", '"', "中")


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """All that modules hold under a name, and those that are written where they are used."""
    for folder in ("bot", "adapters", "storage"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts or path.name == "__main__.py":
                continue
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for key, value in vars(importlib.import_module(name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    yield f"{name}.{key}", value
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and ast.unparse(node.func)
                    in {f"re.{verb}" for verb in ("match", "search", "fullmatch", "sub", "split", "findall")}
                    and isinstance(node.args[0], ast.Constant)
                    and isinstance(node.args[0].value, str)
                ):
                    yield f"{name}:{node.lineno}", re.compile(node.args[0].value)


def _try(pattern: re.Pattern[str]) -> None:
    """Looks for it in texts that nearly have it, again and again."""
    beginnings = {"", *re.findall(r"[A-Za-z0-9:/<&@$\\{(\"'#-]{1,12}", pattern.pattern)[:2]}
    for pump in PUMPS:
        for beginning in beginnings:
            text = beginning + pump * (LENGTH // len(pump)) + "\x00"
            pattern.search(text)


def test_there_are_the_patterns_that_there_are() -> None:
    assert len(list(_patterns())) > 100


def test_no_text_keeps_a_pattern_busy() -> None:
    busy: list[str] = []

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        for name, pattern in {pattern.pattern: (name, pattern) for name, pattern in _patterns()}.values():
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
            try:
                _try(pattern)
            except TimeoutError:
                busy.append(f"{name}: {pattern.pattern}")
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
    assert busy == []


def test_a_pattern_that_goes_back_and_forth_would_be_found() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 1)
    try:
        with pytest.raises(TimeoutError):
            re.compile(r"(a+)+b").search("a" * 40)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
