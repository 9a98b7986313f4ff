"""Forms: what a modal begins with that adds or changes a topic."""

from __future__ import annotations

from bot.channels.channel import Address, Channel
from bot.channels.store import ChannelStore
from bot.platforms.command_calls import CommandCall
from bot.platforms.permissions import may_manage
from bot.text.typed import DASHES, in_quotes
from bot.topics.store import SubscriptionStore, TopicOptions


def line_of(
    options: TopicOptions,
    *,
    number: int | None = None,
    min_upvotes: str = "",
    backfill: str = "",
    for_me: bool = False,
) -> str:
    """The command that a filled form stands for: `edit` for the topic with that number, else `subscribe`.

    With `for_me` it becomes a topic of the person's own. Numbers are what a person wrote; the command says what is
    wrong with them. The query comes last, behind `--` where something in it could be taken for an option.
    """
    name = " ".join(options.name.split())
    least, older = "".join(min_upvotes.split()), "".join(backfill.split())
    if number is not None:
        parts = [f"edit {number}", f"--min-upvotes {least or 0}", f"--instant {'on' if options.instant else 'off'}"]
        parts.append(f"--name {in_quotes(name or 'none')}")
    else:
        parts = ["subscribe"]
        parts += [f"--min-upvotes {least}"] if least else []
        parts += ["--instant"] if options.instant else []
        parts += [f"--backfill {older}"] if older else []
        parts += [f"--name {in_quotes(name)}"] if name else []
        parts += ["--for me"] if for_me else []
    words = options.query.split()
    return " ".join([*parts, *(["--"] if any(map(_may_be_option, words)) else []), *words])


def _may_be_option(word: str) -> bool:
    """Whether a word begins with more than the hyphen that excludes what follows."""
    return word[0] in DASHES and (word[0] != "-" or word[1:2] == "" or word[1] in DASHES)


class TopicForms:
    """Reads what is there now; what a form says is then done by the commands themselves."""

    def __init__(self, channels: ChannelStore, subscriptions: SubscriptionStore) -> None:
        self._channels = channels
        self._subscriptions = subscriptions

    async def topic_of(self, address: Address, number: int) -> TopicOptions | None:
        """The topic with that number in a channel."""
        channel = await self.channel_at(address)
        topics = await self._subscriptions.of_channel(channel.id) if channel else []
        return next(
            (
                TopicOptions(query=topic.query, name=topic.name, min_upvotes=topic.min_upvotes, instant=topic.instant)
                for topic in topics
                if topic.number == number
            ),
            None,
        )

    async def may_manage(self, call: CommandCall) -> bool:
        """Whether the person may change what the form is about."""
        return await may_manage(call, self._channels)

    async def channel_at(self, address: Address) -> Channel | None:
        """The channel, None where nobody has set anything up."""
        return await self._channels.find(address)
