"""Components as JSON: buttons and menus in rows. What happens when one is used: `interactions.components`.

A button carries its command line in its `custom_id`, so it works for as long as its message exists, whatever was
restarted in between. Discord allows 100 characters there: a longer line has no button, and the message says what to
type instead. Where the buttons of many papers do not fit into the five rows of a message, one menu for each kind of
button takes their place, and a line is the value of a menu's entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import discord

from adapters.discord.messages.markup import cut, length
from bot.commands.registry import Registry
from bot.messages.message import Block, Button, Buttons, ButtonStyle, Message, PaperBlock

PREFIX = "papers:"
#: Of a button that stands for a command which was confirmed.
CONFIRMED_PREFIX = "papers-confirmed:"
SELECT_PREFIX = "papers-menu:"
CUSTOM_ID = 100
LABEL = 80
ROWS = 5
ROW = 5
OPTIONS = 25  # entries of a menu
OPTION = 100  # characters of an entry's label and of its value
PLACEHOLDER = 150

ACTION_ROW, BUTTON, STRING_SELECT = 1, 2, 3
SECTION, TEXT_DISPLAY, THUMBNAIL, SEPARATOR, CONTAINER = 9, 10, 11, 14, 17
_STYLES = {
    ButtonStyle.DEFAULT: discord.ButtonStyle.secondary,
    ButtonStyle.PRIMARY: discord.ButtonStyle.primary,
    ButtonStyle.DANGER: discord.ButtonStyle.danger,
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ButtonGroup:
    """Buttons that belong together. Those of a `subject` (a paper, a topic) may become entries of menus.

    `number` tells the subjects of a message apart: the buttons of all of them stand together below it.
    """

    buttons: tuple[Button, ...]
    number: str = ""
    subject: str = ""


def texts_of(components: Iterable[Row]) -> Iterator[str]:
    """All that text displays say, however deep they lie."""
    for component in walk(components):
        if component.get("type") == TEXT_DISPLAY:
            yield str(component.get("content") or "")


def walk(components: Iterable[Row]) -> Iterator[Row]:
    """All components, with those inside of others."""
    for component in components:
        yield component
        yield from walk(component.get("components") or ())
        if accessory := component.get("accessory"):
            yield accessory


def custom_id_of(line: str) -> str | None:
    """What the button for that command is called at Discord, None if the line is too long for that."""
    custom_id = PREFIX + line
    return custom_id if length(custom_id) <= CUSTOM_ID else None


def without_channel_buttons(message: Message, registry: Registry) -> Message:
    """The message without the buttons of commands that are about a channel, for where there is none."""

    def kept(buttons: Iterable[Button]) -> tuple[Button, ...]:
        known = [(button, registry.of_line(button.line)) for button in buttons]
        return tuple(button for button, command in known if command is None or not command.needs_channel)

    blocks: list[Block] = []
    for block in message.blocks:
        match block:
            case Buttons(buttons=buttons):
                blocks.append(Buttons(kept(buttons)))
            case PaperBlock():
                blocks.append(replace(block, thumbs=None, menu=kept(block.menu), buttons=kept(block.buttons)))
            case _:
                blocks.append(block)
    return replace(message, blocks=tuple(blocks))


def confirmation_row(label: str, line: str) -> Row:
    """The button below a question: it gives the command that was asked about."""
    custom_id = cut(CONFIRMED_PREFIX + line, CUSTOM_ID)
    button = {"type": BUTTON, "style": discord.ButtonStyle.danger.value, "label": label, "custom_id": custom_id}
    return {"type": ACTION_ROW, "components": [button]}


def action_rows(groups: Sequence[ButtonGroup]) -> tuple[list[Row], list[str]]:
    """The rows as JSON, and the lines that are too long to be buttons. No line has two buttons."""
    usable, unfit = _usable(groups)
    subjects = [group for group in usable if group.subject]
    last = _action_rows(group for group in usable if not group.subject)
    rows = [*_action_rows(subjects), *last]
    if len(rows) > ROWS:
        rows = [*_selects(subjects)[: max(0, ROWS - len(last))], *last][:ROWS]
    return [{"type": ACTION_ROW, "components": row} for row in rows], unfit


def fits(groups: Sequence[ButtonGroup]) -> bool:
    """Whether every one of the buttons has its place in one message, as a button or in a menu."""
    usable, _ = _usable(groups)
    buttons = sum(len(group.buttons) for group in usable)
    rows, _ = action_rows(groups)
    placed = sum(len(component.get("options", ".")) for row in rows for component in row["components"])
    return placed >= buttons


def numbered(groups: Iterable[ButtonGroup]) -> list[ButtonGroup]:
    """The groups, with the buttons of the same name told apart by what their lines are about."""
    known = list(groups)
    names = Counter(button.label for group in known for button in group.buttons)
    return [_with_number(group, names) for group in known]


def _with_number(group: ButtonGroup, names: Counter[str]) -> ButtonGroup:
    if group.number or group.subject or all(names[button.label] == 1 for button in group.buttons):
        return group
    subjects = {button.line.partition(" ")[2] for button in group.buttons}
    subject = subjects.pop() if len(subjects) == 1 else ""
    return replace(group, number=cut(subject, 20), subject=subject)


def _usable(groups: Sequence[ButtonGroup]) -> tuple[list[ButtonGroup], list[str]]:
    seen: set[str] = set()
    usable, unfit = [], []
    for group in groups:
        made = []
        for button in group.buttons:
            custom_id = custom_id_of(button.line)
            if custom_id is None:
                unfit.append(button.line)
            elif custom_id not in seen and button.line.strip():
                seen.add(custom_id)
                made.append(button)
        if made:
            usable.append(replace(group, buttons=tuple(made)))
    return usable, unfit


def component_of(button: Button, label: str) -> Row:
    """The button as JSON. Its line must not be too long."""
    return {
        "type": BUTTON,
        "style": _STYLES[button.style].value,
        "label": label,
        "custom_id": custom_id_of(button.line),
    }


def _component(button: Button, number: str) -> Row:
    return component_of(button, cut(f"{number} · {button.label}" if number else button.label, LABEL) or "…")


def _action_rows(groups: Iterable[ButtonGroup]) -> list[list[Row]]:
    """Groups side by side in rows, none of them broken that would fit into a row."""
    rows: list[list[Row]] = []
    for group in groups:
        made = [_component(button, group.number) for button in group.buttons]
        if rows and len(rows[-1]) + len(made) <= ROW:
            rows[-1] += made
            continue
        rows += [made[start : start + ROW] for start in range(0, len(made), ROW)]
    return rows


def _selects(groups: Sequence[ButtonGroup]) -> list[list[Row]]:
    """A menu for each kind of button, in a row of its own: kinds are told by their first word, as votes are counted."""
    kinds: dict[str, list[tuple[ButtonGroup, Button]]] = {}
    for group in groups:
        for button in group.buttons:
            kinds.setdefault(button.label.split(maxsplit=1)[0] if button.label.strip() else "…", []).append(
                (group, button)
            )
    menus = []
    for number, (kind, entries) in enumerate(kinds.items()):
        labels = {button.label for _, button in entries}
        name = labels.pop() if len(labels) == 1 else kind
        menus.append(
            [
                {
                    "type": STRING_SELECT,
                    "custom_id": f"{SELECT_PREFIX}{number}",
                    "placeholder": cut(f"{name} …", PLACEHOLDER),
                    "options": [_option(group, button) for group, button in entries[:OPTIONS]],
                }
            ]
        )
    return menus


def _option(group: ButtonGroup, button: Button) -> Row:
    subject = f"{group.number} · {group.subject}" if group.number != group.subject else group.number
    return {"label": cut(subject, OPTION) or "…", "value": button.line}
