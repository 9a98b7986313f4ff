"""Links in mails: signed, so that nobody can make one up, and saying nothing about the channel they are for.

Their keys are derived from the installation's secret, one for each purpose, so that no signature serves another one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.mail.recipients import Recipient

CONFIRM_WITHIN: Final = timedelta(hours=48)
CONFIRM_PATH: Final = "/mail/confirm"
LEAVE_PATH: Final = "/mail/leave"
_CONFIRM, _LEAVE, _BOUNCE = "confirm", "leave", "bounce"
_SIGNATURE_BYTES = 16
_BOUNCE_DIGITS = 12  # hexadecimal: a return path has to stay short, and servers may fold its letters
KEY_DIGITS: Final = 16  # of a recipient's key


@dataclass(frozen=True, slots=True)
class MailLinks:
    """Makes and reads them. `secrets` are the installation's, the newest first: it signs, and all of them are taken.

    `public_url` is where the bot is reached from outside, `workspace` says that its pages are served there.
    """

    public_url: str
    secrets: Sequence[str] = field(repr=False)
    workspace: bool = False

    def confirmation(self, recipient: Recipient) -> str:
        """The page that asks whether the address is to get papers. The link ends after `CONFIRM_WITHIN`."""
        expires = int((recipient.asked_at + CONFIRM_WITHIN).timestamp())
        signature = _signed(self.secrets[0], _CONFIRM, recipient.key, str(expires), recipient.nonce)
        return f"{self.public_url}{CONFIRM_PATH}/{recipient.key}.{expires}.{signature}"

    def is_confirmation(self, token: str, recipient: Recipient, now: datetime) -> bool:
        """Whether that is the last part of the link of the last question that this recipient was asked, in time."""
        key, expires, signature = _parts(token, 3)
        if key != recipient.key or not expires.isdecimal() or int(expires) < now.timestamp():
            return False
        return self._is_signed(signature, _CONFIRM, key, expires, recipient.nonce)

    def leaving(self, recipient: Recipient) -> str:
        """The page that ends the mails, for as long as there are any."""
        signature = _signed(self.secrets[0], _LEAVE, recipient.key)
        return f"{self.public_url}{LEAVE_PATH}/{recipient.key}.{signature}"

    def is_leaving(self, token: str, recipient: Recipient) -> bool:
        key, signature = _parts(token, 2)
        return key == recipient.key and self._is_signed(signature, _LEAVE, key)

    def bounce_token(self, recipient: Recipient) -> str:
        """What stands in return paths and ids of mails: who knows it has got such a mail."""
        return recipient.key + _bounce_digits(self.secrets[0], recipient.key)

    def key_of_bounce(self, token: str) -> str:
        """The key of the recipient whose token that is; empty for what is none of ours."""
        key, digits = token[:KEY_DIGITS].lower(), token[KEY_DIGITS:].lower()
        known = (_bounce_digits(secret, key) for secret in self.secrets)
        return key if any(hmac.compare_digest(one.encode(), digits.encode()) for one in known) else ""

    def paper(self, paper_id: str) -> str:
        """The paper's page in the workspace, where it can be saved and voted on; empty where that is not served."""
        return f"{self.public_url}/paper/{paper_id}" if self.workspace else ""

    def _is_signed(self, signature: str, *words: str) -> bool:
        known = (_signed(secret, *words) for secret in self.secrets)
        return any(hmac.compare_digest(one.encode(), signature.encode()) for one in known)


def key_of(token: str) -> str:
    """Whose link that is, before anybody has looked at its signature."""
    return token.partition(".")[0]


def _parts(token: str, number: int) -> list[str]:
    parts = token.split(".")
    return parts if len(parts) == number else [""] * number


def _mac(secret: str, *words: str) -> bytes:
    key = hmac.digest(secret.encode(), b"paperround mail " + words[0].encode(), hashlib.sha256)
    return hmac.digest(key, "|".join(words).encode(), hashlib.sha256)


def _signed(secret: str, *words: str) -> str:
    return base64.urlsafe_b64encode(_mac(secret, *words)[:_SIGNATURE_BYTES]).decode().rstrip("=")


def _bounce_digits(secret: str, key: str) -> str:
    return _mac(secret, _BOUNCE, key).hex()[:_BOUNCE_DIGITS]
