"""The one hierarchy of errors.

A `UserError` is a person's mistake and its text is the sentence that the person reads. An `OperatorError` is for
whoever runs the bot and says what to do next. Anything else is a defect.
"""

from __future__ import annotations

from collections.abc import Mapping


class PaperRoundError(Exception):
    """Whatever this project raises on purpose."""


class UserError(PaperRoundError):
    """A person asked for something that cannot be done as written; nothing was changed.

    `str(error)` says what is wrong and what to write instead, in plain text of one or two sentences. `about` is the
    option that is meant, empty for what the command itself is about.
    """

    def __init__(self, sentence: str, *, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


class MistakesError(UserError):
    """Several mistakes in what a person sent in one step, by the option that each is about; nothing was changed."""

    def __init__(self, by_option: Mapping[str, str]) -> None:
        super().__init__(" ".join(by_option.values()), about=next(iter(by_option)))
        self.by_option = dict(by_option)


#: What reading data from outside may raise, in which a field is missing or is not what it was.
MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError, RecursionError)


class OperatorError(PaperRoundError):
    """The installation needs attention: a setting, a file, an address. The text says what to do next."""


class SettingsError(OperatorError):
    """A setting is wrong or missing. Starting again changes nothing until somebody corrects it."""


class SourceError(PaperRoundError):
    """A source could not be read this time; the stored state is untouched.

    `retry_after` is how many seconds the source asked us to wait, when it said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StorageError(PaperRoundError):
    """The database did not take or give something: full disk, lost connection, locked file.

    Of the transaction that raises it nothing was kept, except where the connection broke while it was committed:
    `bot.commits` tells what is known.
    """


class SearchIndexError(StorageError):
    """The search index cannot be read, and no new one can be made; the database may be well."""


class EmbeddingError(PaperRoundError):
    """The model of meaning could not do its work. Everything else goes on, by words alone."""


class NoModelError(EmbeddingError):
    """There is no model of meaning, because none is installed or none is wanted."""
