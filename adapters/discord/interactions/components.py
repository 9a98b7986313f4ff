"""Buttons and menus at work: what discord.py calls when one of ours is used, whenever it was posted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord

from adapters.discord.client.connection import OnComponent
from adapters.discord.messages.components import CONFIRMED_PREFIX, PREFIX, SELECT_PREFIX, STRING_SELECT, Row


class CommandButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=re.compile(r"papers(?P<confirmed>-confirmed)?:(?P<line>.+)", re.DOTALL),
):
    """A button of ours, whenever it was posted. Its client has an `on_command_component(interaction, line)`."""

    def __init__(self, button: discord.ui.Button[Any], line: str, *, confirmed: bool = False) -> None:
        super().__init__(button)
        self.line = line
        self.confirmed = confirmed

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
        return cls(item, match["line"], confirmed=bool(match["confirmed"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        on_component: OnComponent = interaction.client.on_command_component
        await on_component(interaction, self.line, self.confirmed)


class CommandSelect(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=re.compile(re.escape(SELECT_PREFIX) + r"[0-9]+"),
):
    """A menu of ours, whenever it was posted: what is chosen is the line."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - the library passes it
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        if not isinstance(item, discord.ui.Select):
            raise TypeError(f"{match.string!r} belongs to a {item.type.name}, and it should be a menu")
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        on_component: OnComponent = interaction.client.on_command_component
        for line in self.item.values[:1]:
            await on_component(interaction, line, False)


def view_of(components: Sequence[Row]) -> discord.ui.View:
    """The rows as discord.py wants them in answers. Call it within a running event loop."""
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(components):
        for component in row["components"]:
            view.add_item(_item(component, number))
    return view


class _Layout(discord.ui.LayoutView):
    """Components that are written already. It listens to nothing: `CommandButton` hears of every button of ours."""

    def __init__(self, components: Sequence[Row]) -> None:
        super().__init__(timeout=None)
        self._components = list(components)

    def has_components_v2(self) -> bool:
        return True

    def to_components(self) -> list[dict[str, Any]]:
        return self._components


def layout_view_of(components: Sequence[Row]) -> discord.ui.LayoutView:
    """The components of a layout as discord.py wants them in answers."""
    return _Layout(components)


def _item(component: Row, row: int) -> CommandButton | CommandSelect:
    if component["type"] == STRING_SELECT:
        menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
            custom_id=component["custom_id"],
            placeholder=component["placeholder"],
            options=[discord.SelectOption(label=one["label"], value=one["value"]) for one in component["options"]],
            row=row,
        )
        return CommandSelect(menu)
    button: discord.ui.Button[discord.ui.View] = discord.ui.Button(
        label=component["label"],
        style=discord.ButtonStyle(component["style"]),
        custom_id=component["custom_id"],
        row=row,
    )
    line = component["custom_id"].removeprefix(PREFIX).removeprefix(CONFIRMED_PREFIX)
    return CommandButton(button, line, confirmed=component["custom_id"].startswith(CONFIRMED_PREFIX))
