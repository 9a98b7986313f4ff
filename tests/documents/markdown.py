"""Documents as other programs read them: their headings, links and blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

_FENCE: Final = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_MARK: Final = re.compile(r"<!-- not run: (.+?) -->\s*\Z")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")


def documents() -> list[Path]:
    """Everything that people read: what stands at the top, and below `deploy/`."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "deploy").rglob("*.md")])


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A block of code: the word behind its fence, its text, and why it is not run, if a mark before it says so."""

    language: str
    text: str
    not_run: str


def prose_of(text: str) -> str:
    """A document without its blocks of code."""
    return _FENCE.sub("", text)


def blocks_of(text: str) -> Iterator[CodeBlock]:
    """The blocks of code of a document, in their order."""
    for found in _FENCE.finditer(text):
        indent, language, code = found.groups()
        mark = _MARK.search(text[: found.start()])
        lines = (line.removeprefix(indent) for line in code.splitlines(keepends=True))
        yield CodeBlock(language, "".join(lines), mark[1] if mark else "")


def links_of(text: str) -> list[str]:
    """Where the links and pictures of a document lead."""
    return _LINK.findall(prose_of(text))


def anchors_of(text: str) -> set[str]:
    """What its headings are called in links, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+?)\s*$", prose_of(text), re.MULTILINE)
    found: set[str] = set()
    for heading in headings:
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = next(n for n in range(len(headings)) if (f"{name}-{n}" if n else name) not in found)
        found.add(f"{name}-{number}" if number else name)
    return found
