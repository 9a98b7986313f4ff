"""The files of deploy/, and what they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
#: Documents have tests of their own.
_ELSEWHERE = {DEPLOY / "docs"}
_SETTING = re.compile(r"\bPAPERROUND_[A-Z0-9_]+\b")


def texts() -> Iterator[tuple[str, str]]:
    """Every file that somebody may run or install, with its name."""
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_file() and not _ELSEWHERE & set(path.parents):
            yield str(path.relative_to(DEPLOY)), path.read_text()


def settings_in(text: str) -> set[str]:
    """The settings that a text names."""
    return set(_SETTING.findall(text))


def documents(name: str) -> list[dict[str, Any]]:
    """What a file of YAML says, document by document."""
    return [document for document in yaml.safe_load_all((DEPLOY / name).read_text()) if document is not None]
