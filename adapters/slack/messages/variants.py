"""A message in the forms that Slack may take when it refuses the first: each says the same in a plainer way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from adapters.slack.client.new_blocks import NewBlocks
from adapters.slack.client.payloads import Json
from adapters.slack.messages import block_kit, limits

#: Characters in a row where a message is text alone: of an abstract the beginning must do.
_LONGEST_LINE = 200


class Variants:
    """The forms of one message: with the blocks that Slack named simplified, without thumbnails, with older blocks in
    the place of new ones, and as text alone where that is better than nothing.

    `form` is what to send. `new_blocks` is what is known of the workspace: one that refused them lately gets none.
    """

    def __init__(self, arguments: Json, new_blocks: NewBlocks | None = None, *, text_alone: bool = True) -> None:
        self._new_blocks = new_blocks
        self._text_alone = text_alone
        self._named: Collection[int] = ()
        if new_blocks is not None and not new_blocks.welcome:
            arguments = arguments | {"blocks": block_kit.classic(arguments["blocks"])}
        self._began_with_new = _has_new(arguments)
        self.form = arguments
        self._plainer = self._plainer_forms(arguments)

    def refused(self, named: Collection[int] = ()) -> bool:
        """Goes on to the next form, as Slack refused this one for the blocks of those numbers; False without one."""
        self._named = named
        following = next(self._plainer, None)
        self.form = following or self.form
        return following is not None

    def taken(self) -> None:
        """Notes that Slack took this form."""
        if self._began_with_new and "blocks" in self.form and not _has_new(self.form) and self._new_blocks is not None:
            self._new_blocks.refused()

    def _plainer_forms(self, arguments: Json) -> Iterator[Json]:
        blocks: list[Json] = arguments["blocks"]
        named = [number for number in self._named if number < len(blocks)]
        if named:
            if any(block_kit.is_new(blocks[number]) for number in named):
                blocks = block_kit.classic(blocks)
            simplified = (
                block_kit.simplified(block) if number in named and block == arguments["blocks"][number] else [block]
                for number, block in enumerate(blocks)
            )
            blocks = [block for some in simplified for block in some]
            if blocks:
                yield arguments | {"blocks": blocks}
        if any(map(block_kit.has_picture, blocks)):
            blocks = block_kit.without_pictures(blocks)
            yield arguments | {"blocks": blocks}
        if any(map(block_kit.is_new, blocks)):
            yield arguments | {"blocks": block_kit.classic(blocks)}
        if self._text_alone:
            alone = {name: value for name, value in arguments.items() if name != "blocks"}
            yield alone | {"text": _as_text(arguments["blocks"]) or arguments["text"]}


def _has_new(arguments: Json) -> bool:
    return any(map(block_kit.is_new, arguments.get("blocks", ())))


def _as_text(blocks: Iterable[Json]) -> str:
    """What the blocks say as a message's `text`, line by line as far as Slack takes it. Addresses are written out."""
    kept: list[str] = []
    room = limits.TEXT - len("\n…")
    for line in (line for block in blocks for line in block_kit.lines_of(block, _LONGEST_LINE)):
        shown = block_kit.escape(line).strip()
        room -= len(shown) + 1
        if room < 0:
            return "\n".join((*kept, "…"))
        if shown:
            kept.append(shown)
    return "\n".join(kept)
