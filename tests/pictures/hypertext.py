"""HTML for the pictures: elements whose text is escaped unless it is HTML already."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


class UnknownKindError(ValueError):
    """A payload has something that is not drawn here: a picture without it would be wrong."""

    def __init__(self, what: str, kind: object) -> None:
        super().__init__(f"there is no drawing of the {what} {kind!r}")


class Html(str):
    """Text that is HTML."""

    __slots__ = ()


def joined(parts: Iterable[str], separator: str = "") -> Html:
    return Html(separator.join(_html(part) for part in parts))


def tag(name: str, *content: str, classes: str = "", **attributes: str) -> Html:
    """An element. Names of attributes are written with `_` for `-`; empty ones are left out."""
    given = {"class": classes, **{key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}}
    written = "".join(f' {key}="{escape(value)}"' for key, value in given.items() if value)
    if name in ("img", "hr", "br"):
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(content)}</{name}>")


def div(classes: str, *content: str, **attributes: str) -> Html:
    return tag("div", *content, classes=classes, **attributes)


def span(classes: str, *content: str, **attributes: str) -> Html:
    return tag("span", *content, classes=classes, **attributes)


def lines(text: str) -> Html:
    """Text whose line breaks are seen."""
    return joined(text.split("\n"), "<br>")


def _html(part: str) -> str:
    return part if isinstance(part, Html) else escape(part)
