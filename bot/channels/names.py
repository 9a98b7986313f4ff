"""Names of the bot's own channels, those of the web: people choose them here, and they are ids as well."""

from __future__ import annotations

import re
import unicodedata

from bot.errors import UserError

LONGEST_CHANNEL_NAME = 40  # characters; a longer one does not fit on a phone
_CHANNEL_NAME = re.compile(r"[^\W_][\w-]*")


def channel_name_of(text: str) -> str:
    """The name of the channel that a person means by `#Machine Learning`: it is also its id and part of its address.

    Raises `UserError` for what cannot be one.
    """
    name = unicodedata.normalize("NFC", "-".join(text.strip().removeprefix("#").lower().split()))
    if not name:
        raise UserError("A channel needs a name, like `machine-learning`.")
    if len(name) > LONGEST_CHANNEL_NAME:
        raise UserError(f"That name has {len(name)} characters; {LONGEST_CHANNEL_NAME} is the most.")
    if not _CHANNEL_NAME.fullmatch(name):
        raise UserError("A channel name is made of letters, digits, `-` and `_`, like `machine-learning`.")
    return name
