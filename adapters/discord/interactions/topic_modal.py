"""The form for a topic: what Discord shows as a modal, and the command line that it stands for.

A modal must be the first answer to an interaction, within three seconds: what it starts with is read from the store
and nowhere else. https://docs.discord.com/developers/components/using-modal-components
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import discord

from adapters.discord.messages.markup import BACKTICK
from bot.commands.topics.wording import LONGEST_NAME
from bot.query.parser import LONGEST_QUERY
from bot.topics.forms import changed_fields, line_of, marks_of
from bot.topics.store import TopicOptions

MODAL_PREFIX = "papers-form:"
SUBSCRIBE = "subscribe"
LONGEST_NUMBER = 7  # digits

_ASKED = re.compile(r"\s*(?:(?P<new>subscribe)|edit\s+#?(?P<number>\d{1,6})\.?)\s*", re.IGNORECASE)
_MARKS = "/"  # what is before them in the id of a form
_AT_ONCE, _WITH_DIGEST = "on", "off"
_WHEN = {_WITH_DIGEST: "With the digest", _AT_ONCE: "As soon as found"}
#: What the fields are called.
_LABELS = {
    "query": "Papers with",
    "name": "Name",
    "min-upvotes": "Only from so many upvotes on",
    "instant": "When",
    "backfill": "Older papers to post now",
}
_WRITTEN = re.compile(rf"```\n((?:{'|'.join(_LABELS.values())}):.*?)\n```", re.DOTALL)
_NOTHING = TopicOptions(query="")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicModal:
    """A form and what is in it. `number` is the topic that is edited, None for a new one, and `marks` say what that was
    like as the form was opened; numbers are as written."""

    number: int | None = None
    marks: str = ""
    options: TopicOptions = _NOTHING
    min_upvotes: str = ""
    backfill: str = ""

    @property
    def opening(self) -> str:
        """The line that opens the form."""
        return SUBSCRIBE if self.number is None else f"edit {self.number}"

    @property
    def line(self) -> str:
        """The command that the filled form stands for."""
        return line_of(
            self.options,
            number=self.number,
            marks=self.marks,
            min_upvotes=self.min_upvotes,
            backfill=self.backfill,
        )

    @property
    def written(self) -> str:
        """What somebody wrote, a line for each field: what they filled of a new topic, what they changed of another."""
        values = {
            "query": self.options.query,
            "name": self.options.name,
            "min-upvotes": self.min_upvotes,
            "instant": _WHEN[_AT_ONCE] if self.options.instant else "",
            "backfill": self.backfill,
        }
        lines = {name: " ".join(value.split()) for name, value in values.items()}
        if self.number is None:
            said = {name for name, line in lines.items() if line}
        else:
            said = changed_fields(self.options, self.min_upvotes, self.marks)
        return "\n".join(f"{_LABELS[name]}: {line}" for name, line in lines.items() if name in said)

    def modal(self) -> discord.ui.Modal:
        """What Discord shows. Call it within a running event loop."""
        new = self.number is None
        custom_id = f"{MODAL_PREFIX}{self.opening}{_MARKS if self.marks else ''}{self.marks}"
        modal = discord.ui.Modal(
            title="New topic" if new else f"Topic {self.number}", custom_id=custom_id, timeout=None
        )
        query: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="query",
            style=discord.TextStyle.paragraph,
            placeholder='diffusion "image generation" -survey',
            default=self.options.query[:LONGEST_QUERY] or None,
            max_length=LONGEST_QUERY,
        )
        _add(modal, query, 'All words. "A phrase", -without, OR, author:hinton, cat:cs.CL, upvotes:>=20')
        name = _short("name", self.options.name[:LONGEST_NAME], LONGEST_NAME)
        _add(modal, name, "Shown instead of the query")
        _add(modal, _short("min-upvotes", self.min_upvotes, LONGEST_NUMBER))
        when: discord.ui.RadioGroup[Any] = discord.ui.RadioGroup(
            custom_id="instant",
            options=[
                discord.RadioGroupOption(label=label, value=value, default=(value == _AT_ONCE) == self.options.instant)
                for value, label in _WHEN.items()
            ],
        )
        _add(modal, when)
        if new:
            _add(modal, _short("backfill", self.backfill, LONGEST_NUMBER))
        # Submissions come as interactions, also after a restart: the library has nothing to wait for.
        modal.stop()
        return modal


def modal_of_line(line: str) -> TopicModal | None:
    """The form that a line asks for: `subscribe` without a query, or `edit N` without anything new."""
    found = _ASKED.fullmatch(line)
    if found is None:
        return None
    return TopicModal(number=int(found["number"]) if found["number"] else None)


def prefilled_modal(form: TopicModal, options: TopicOptions) -> TopicModal:
    """The form with what a topic is like now."""
    least = str(options.min_upvotes) if options.min_upvotes else ""
    return replace(form, options=options, min_upvotes=least, marks=marks_of(options))


def submitted_modal(data: Mapping[str, Any]) -> TopicModal | None:
    """The form that the data of a modal's interaction is about, None if it is none of ours."""
    custom_id = str(data.get("custom_id", ""))
    opening, _, marks = custom_id.removeprefix(MODAL_PREFIX).partition(_MARKS)
    form = modal_of_line(opening) if custom_id.startswith(MODAL_PREFIX) else None
    if form is None:
        return None
    values = dict.fromkeys(_LABELS, "") | dict(_values(data.get("components") or []))
    return _with_values(replace(form, marks=marks), values)


def restored_modal(form: TopicModal, texts: Iterable[str]) -> TopicModal | None:
    """The form with what somebody wrote into it, by the texts of the message about a mistake in it; None without one.

    So it opens again as it was whoever serves Discord meanwhile.
    """
    found = next((found for text in texts if (found := _WRITTEN.search(text))), None)
    if found is None:
        return None
    said = dict(line.partition(":")[::2] for line in found[1].replace(BACKTICK, "`").split("\n"))
    return _with_values(form, {name: said[label].strip() for name, label in _LABELS.items() if label in said})


def _with_values(form: TopicModal, values: Mapping[str, str]) -> TopicModal:
    known = form.options
    options = TopicOptions(
        query=values.get("query", known.query),
        name=values.get("name", known.name),
        instant=values["instant"] in (_AT_ONCE, _WHEN[_AT_ONCE]) if "instant" in values else known.instant,
    )
    min_upvotes, backfill = values.get("min-upvotes", form.min_upvotes), values.get("backfill", form.backfill)
    return replace(form, options=options, min_upvotes=min_upvotes, backfill=backfill)


def _short(custom_id: str, known: str, longest: int) -> discord.ui.TextInput[Any]:
    # Discord opens no form in which a field begins with more than it takes.
    fitting = known if len(known) <= longest else ""
    return discord.ui.TextInput(custom_id=custom_id, default=fitting or None, max_length=longest, required=False)


def _add(
    modal: discord.ui.Modal,
    item: discord.ui.TextInput[Any] | discord.ui.RadioGroup[Any],
    description: str | None = None,
) -> None:
    modal.add_item(discord.ui.Label(text=_LABELS[item.custom_id], description=description, component=item))


def _values(components: Any) -> Iterator[tuple[str, str]]:
    """The fields of a submission with what is in them, within rows as well as within labels."""
    for component in components:
        if inner := component.get("component"):
            yield from _values([inner])
        if rows := component.get("components"):
            yield from _values(rows)
        if custom_id := component.get("custom_id"):
            chosen = component.get("values") or [component.get("value") or ""]
            yield str(custom_id), str(chosen[0])
