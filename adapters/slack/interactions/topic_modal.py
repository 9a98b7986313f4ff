"""The form for a topic: what Slack shows as a modal, and the command line that it stands for.

https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from adapters.slack.client.payloads import Json
from adapters.slack.messages import block_kit, limits
from adapters.slack.messages.rendering import render
from bot.commands.topics.wording import LONGEST_NAME
from bot.messages.message import Buttons, Message, PaperBlock
from bot.platforms.command_calls import Reply
from bot.query.parser import LONGEST_QUERY
from bot.text.shortening import shorten
from bot.topics.forms import line_of, marks_of
from bot.topics.store import TopicOptions

#: These are in open forms and in the manifest, and must keep their meaning.
TOPIC_FORM: Final = "paperround.topic"
QUERY: Final = "paperround.query"
BOUND: Final = "paperround.bound"
SHORTCUT: Final = "paperround.subscribe"

_LONGEST_BACKFILL: Final = 50
_LONGEST_ERROR: Final = 500
_PREVIEWED: Final = 3
_BLOCKS_OF_A_VIEW: Final = 100
_CODE: Final = re.compile("`([^`]*)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicModal:
    """An open form. Without a `channel` the person chooses one; `number` is the topic that is edited, 0 for a new one.

    What is in the form is kept by Slack; `known` is what it starts with, and `marks` are what is kept of that.
    """

    channel: str = ""
    channel_name: str = ""
    number: int = 0
    known: TopicOptions | None = None
    marks: str = ""

    def view(self, preview: Sequence[Json] = ()) -> Json:
        """The modal, with what the query finds below the fields."""
        known = self.known or TopicOptions(query="")
        blocks = [channel_input()] if not self.channel else []
        blocks.append(_query_input(known.query))
        blocks.append(_text_input("name", "Name", "Shown instead of the query", known.name, LONGEST_NAME))
        blocks.append(_bound_input(known.min_upvotes))
        blocks.append(_instant_input(chosen=known.instant))
        if not self.number:
            blocks.append(_number_input("backfill", "Older papers to post now", None, _LONGEST_BACKFILL))
        return {
            "type": "modal",
            "callback_id": TOPIC_FORM,
            "title": block_kit.plain(f"Topic {self.number}" if self.number else "New topic", 24),
            "submit": block_kit.plain("Save" if self.number else "Subscribe", 24),
            "close": block_kit.plain("Cancel", 24),
            "private_metadata": json.dumps([self.channel, self.channel_name, self.number, marks_of(known)]),
            "blocks": [*blocks, *preview],
        }


def form_of(view: Json) -> TopicModal:
    """The form behind a view, as far as we keep it there."""
    # A form that was opened by an earlier version has no marks.
    channel, name, number, *marks = json.loads(view["private_metadata"])
    return TopicModal(channel=channel, channel_name=name, number=number, marks="".join(marks[:1]))


def with_preview(view: Json, preview: Sequence[Json]) -> Json:
    """The open form, its fields left as they are, with what its query finds below them."""
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    fields = [block for block in view["blocks"] if block["type"] == "input"]
    return {**{name: view[name] for name in kept if view.get(name)}, "blocks": [*fields, *preview]}


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person put into a form. `chosen` says that the form offered to choose the channel; `fields` are the names
    of its fields, and `forecast` is the line that says what the topic would post."""

    channel: str
    channel_name: str
    chosen: bool
    query: str
    line: str
    fields: frozenset[str]
    forecast: str


def submission_of(view: Json) -> Submission:
    """The channel, the query, and the command line that the form stands for."""
    form = form_of(view)
    fields: dict[str, Json] = {
        block_id: next(iter(block.values()), {}) for block_id, block in view["state"]["values"].items()
    }
    query = " ".join((_value(fields, "query") or "").split())
    options = TopicOptions(
        query=query,
        name=_value(fields, "name") or "",
        instant=bool(fields.get("instant", {}).get("selected_options")),
    )
    line = line_of(
        options,
        number=form.number or None,
        marks=form.marks,
        min_upvotes=_value(fields, "min-upvotes") or "",
        backfill=_value(fields, "backfill") or "",
    )
    channel = form.channel or fields.get("channel", {}).get("selected_conversation") or ""
    least = "".join((_value(fields, "min-upvotes") or "").split())
    forecast = " ".join(["forecast", *([f"--min-upvotes {least}"] if least else []), "--", query])
    return Submission(channel, form.channel_name, not form.channel, query, line, frozenset(fields), forecast)


def mistake_of(reply: Reply) -> str:
    """What is wrong with what a form says."""
    return under_field(reply.message.summary)


def under_field(mistake: str) -> str:
    """A mistake to stand under a field, where no markup is read."""
    return shorten(_CODE.sub(r"“\1”", mistake), _LONGEST_ERROR)


def preview_of(reply: Reply) -> list[Json]:
    """What the topic would post, to be shown while somebody writes the query."""
    words = [block for block in reply.message.blocks if not isinstance(block, PaperBlock | Buttons)][:1]
    papers = [
        replace(block, compact=True, buttons=(), thumbnail_url="")
        for block in reply.message.blocks
        if isinstance(block, PaperBlock)
    ]
    return list(render(Message(summary="Preview", blocks=(*words, *papers[:_PREVIEWED])))[0].blocks)


def result_view(reply: Reply) -> Json:
    """What takes the place of the form once it is done. Buttons are left out: they belong to messages."""
    blocks = tuple(block for block in reply.message.blocks if not isinstance(block, Buttons))
    pages = render(Message(summary=reply.message.summary, blocks=blocks))
    return {
        "type": "modal",
        "title": block_kit.plain("Paper Round", 24),
        "close": block_kit.plain("Done", 24),
        "blocks": [_without_actions(block) for page in pages for block in page.blocks][:_BLOCKS_OF_A_VIEW],
    }


def _without_actions(block: Json) -> Json:
    return block_kit.divider() if block["type"] == "actions" else block


def _value(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name, {}).get("value")
    return str(value) if value is not None else None


def _input(block_id: str, label: str, element: Json, *, optional: bool = True, hint: str = "") -> Json:
    block: Json = {
        "type": "input",
        "block_id": block_id,
        "label": block_kit.plain(label, limits.SECTION),
        "element": element,
        "optional": optional,
    }
    return block | ({"hint": block_kit.plain(hint, limits.SECTION)} if hint else {})


def channel_input() -> Json:
    """A field for a channel. Slack offers public ones as well that the person is not in."""
    select = {
        "type": "conversations_select",
        "action_id": "value",
        "default_to_current_conversation": True,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    return _input("channel", "Channel", select, optional=False)


def _query_input(known: str) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "action_id": QUERY,
        "max_length": LONGEST_QUERY,
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
        "placeholder": block_kit.plain('diffusion "image generation" -survey', 150),
    }
    block = _input(
        "query",
        "Papers with",
        element | ({"initial_value": known} if known else {}),
        optional=False,
        hint='All words must be there. "A phrase", -without, OR, author:hinton, cat:cs.CL, upvotes:>=20.',
    )
    return block | {"dispatch_action": True}


def _text_input(block_id: str, label: str, hint: str, known: str, longest: int) -> Json:
    element: Json = {"type": "plain_text_input", "action_id": "value", "max_length": longest}
    return _input(block_id, label, element | ({"initial_value": known} if known else {}), hint=hint)


def _number_input(block_id: str, label: str, known: int | None, largest: int) -> Json:
    element: Json = {
        "type": "number_input",
        "action_id": "value",
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": str(largest),
    }
    return _input(block_id, label, element | ({"initial_value": str(known)} if known else {}))


def _bound_input(known: int | None) -> Json:
    """The least upvotes. What is below the fields follows them, too."""
    block = _number_input("min-upvotes", "Only from so many upvotes on", known, 1_000_000)
    watched = {"action_id": BOUND, "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}
    return block | {"element": block["element"] | watched, "dispatch_action": True}


def _instant_input(*, chosen: bool) -> Json:
    option = {
        "text": block_kit.plain("Post each paper as soon as it is found", limits.BUTTON_LABEL),
        "value": "instant",
    }
    element: Json = {"type": "checkboxes", "action_id": "value", "options": [option]}
    return _input("instant", "When", element | ({"initial_options": [option]} if chosen else {}))
