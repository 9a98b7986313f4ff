"""Buttons: rows of them, and what happens when one is pressed.

A button carries its command line in its `custom_id`, so it works for as long as its message exists, whatever was
restarted in between. Discord allows 100 characters there: a longer line has no button, and the message says what to
type instead.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import discord

from adapters.discord.markup import cut, length
from bot.messages import Button, ButtonStyle

PREFIX = "papers:"
CUSTOM_ID = 100
LABEL = 80
ROWS = 5
ROW = 5

_STYLES = {
    ButtonStyle.DEFAULT: discord.ButtonStyle.secondary,
    ButtonStyle.PRIMARY: discord.ButtonStyle.primary,
    ButtonStyle.DANGER: discord.ButtonStyle.danger,
}


@dataclass(frozen=True, slots=True)
class ButtonGroup:
    """Buttons that belong together. Those that `matter` are the last to be left out when there are too many."""

    buttons: tuple[Button, ...]
    matter: bool = False


def custom_id_of(line: str) -> str | None:
    """What the button for that command is called at Discord, None if the line is too long for that."""
    custom_id = PREFIX + line
    return custom_id if length(custom_id) <= CUSTOM_ID else None


def rows_of(groups: Sequence[ButtonGroup]) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows as JSON, and the lines that are too long to be buttons. No line has two buttons."""
    seen: set[str] = set()
    unfit: list[str] = []
    usable: list[tuple[bool, list[dict[str, Any]]]] = []
    for group in groups:
        made = []
        for button in group.buttons:
            custom_id = custom_id_of(button.line)
            if custom_id is None:
                unfit.append(button.line)
            elif custom_id not in seen and button.line.strip():
                seen.add(custom_id)
                made.append(_component(button, custom_id))
        if made:
            usable.append((group.matter, made))
    rows = _packed([made for _, made in usable])
    if len(rows) > ROWS:
        rows = _chosen(usable)
    return [{"type": 1, "components": row} for row in rows], unfit


def _component(button: Button, custom_id: str) -> dict[str, Any]:
    label = cut(button.label, LABEL) or "…"
    return {"type": 2, "style": _STYLES[button.style].value, "label": label, "custom_id": custom_id}


def _packed(groups: Iterable[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Groups side by side in rows, none of them broken that would fit into a row."""
    rows: list[list[dict[str, Any]]] = []
    for group in groups:
        if rows and len(rows[-1]) + len(group) <= ROW:
            rows[-1] += group
            continue
        rows += [list(group[start : start + ROW]) for start in range(0, len(group), ROW)]
    return rows


def _chosen(groups: Sequence[tuple[bool, list[dict[str, Any]]]]) -> list[list[dict[str, Any]]]:
    """As many as there is room for: those that matter, then the first of each group, the second of each, …"""
    order = sorted(
        ((not matter, place, number) for number, (matter, group) in enumerate(groups) for place in range(len(group)))
    )
    kept = sorted((number, place) for _, place, number in order[: ROWS * ROW])
    buttons = [groups[number][1][place] for number, place in kept]
    return [buttons[start : start + ROW] for start in range(0, len(buttons), ROW)]


Press = Callable[[discord.Interaction[Any], str], Awaitable[None]]


class LineButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=re.compile(re.escape(PREFIX) + r"(?P<line>.+)", re.DOTALL),
):
    """A button of ours, whenever it was posted. The client that it belongs to has a `press(interaction, line)`."""

    def __init__(self, button: discord.ui.Button[Any], line: str) -> None:
        super().__init__(button)
        self.line = line

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - the library passes it
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        if not isinstance(item, discord.ui.Button):
            raise TypeError(f"{match.string!r} belongs to a {item.type.name}, and only buttons carry lines")
        return cls(item, match["line"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        press: Press = interaction.client.press
        await press(interaction, self.line)


def view_of(components: Sequence[dict[str, Any]]) -> discord.ui.View:
    """The rows as discord.py wants them in answers. Call it within a running event loop."""
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(components):
        for component in row["components"]:
            button: discord.ui.Button[discord.ui.View] = discord.ui.Button(
                label=component["label"],
                style=discord.ButtonStyle(component["style"]),
                custom_id=component.get("custom_id"),
                row=number,
            )
            view.add_item(LineButton(button, component["custom_id"].removeprefix(PREFIX)))
    return view
