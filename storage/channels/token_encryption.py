"""The keys that tokens are encrypted with where they are kept."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import OperatorError, SettingsError

FILE_NAME = "secret.key"
_HOW_TO_MAKE_ONE = "`openssl rand -base64 32` makes one; several are separated by commas, the newest first."


class TokenEncryption:
    """Keys, newest first: the first one encrypts, and each of them decrypts."""

    def __init__(self, keys: Sequence[str], origin: str) -> None:
        """`origin` is where the keys are, for people; raises `OperatorError` for what is no key."""
        self.origin = origin
        try:
            fernets = [Fernet(key) for key in keys]
        except ValueError as error:
            raise SettingsError(f"{origin} has something that is no key. {_HOW_TO_MAKE_ONE}") from error
        self._all = MultiFernet(fernets)
        self._newest = fernets[0]

    def seal(self, owner: str, secret: dict[str, str]) -> str:
        """Encrypts a secret of that owner."""
        return self._all.encrypt(json.dumps({"owner": owner, "secret": secret}).encode()).decode()

    def unseal(self, owner: str, sealed: str) -> dict[str, str]:
        """What was sealed for that owner; raises `OperatorError` when no key fits, or it is somebody else's."""
        try:
            content: dict[str, Any] = json.loads(self._all.decrypt(sealed))
        except InvalidToken as error:
            raise OperatorError(
                f"The tokens of {owner} were encrypted with a key that is not in {self.origin}. Put that key back "
                "(behind a newer one, if there is one), or install the app there again."
            ) from error
        if content["owner"] != owner:
            raise OperatorError(
                f"The database has tokens of {content['owner']} in the place of those of {owner}. Nothing is done with "
                "them; install the app there again."
            )
        secret: dict[str, str] = content["secret"]
        return secret

    def is_newest(self, sealed: str) -> bool:
        """Whether it was sealed with the newest key."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return False
        return True


def open_token_encryption(setting: str, folder: Path) -> TokenEncryption:
    """What the installation's keys encrypt; raises `OperatorError` when they cannot be used."""
    return TokenEncryption(*read_keys(setting, folder))


def read_keys(setting: str, folder: Path) -> tuple[list[str], str]:
    """The keys of the setting, newest first, else the one in that folder, which is made when there is none; and where
    they are, for people. Raises `OperatorError` when that cannot be kept.
    """
    keys = [key.strip() for key in setting.split(",") if key.strip()]
    if keys:
        return keys, "PAPERROUND_SECRET_KEY"
    file = folder / FILE_NAME
    try:
        if not file.exists():
            _make(file)
        return [file.read_text(encoding="ascii").strip()], str(file)
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(
            f"The key that tokens are encrypted with cannot be kept in {file} ({error}). Make that possible, or set "
            f"PAPERROUND_SECRET_KEY. {_HOW_TO_MAKE_ONE}"
        ) from error


def _make(file: Path) -> None:
    """Writes a new key that only we can read. It appears whole, and whoever is first wins."""
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{FILE_NAME}.")
    try:
        with os.fdopen(handle, "wb") as writing:
            writing.write(Fernet.generate_key() + b"\n")
            writing.flush()
            os.fsync(writing.fileno())
        try:
            Path(file).hardlink_to(draft)
        except FileExistsError:
            return
    finally:
        Path(draft).unlink()
