"""Names and descriptions of commands in other languages: this is the place where they go.

`TRANSLATIONS` has a table for each of Discord's locales (https://docs.discord.com/developers/reference#locales), from
what is said in English to what people of that language read. What has no translation stays English. Names of commands
and options are one word in small letters, as in `/papers search`; descriptions have 100 characters at most:

    "de": {"search": "suchen", "find papers, best matches first": "Artikel finden, die besten zuerst"}
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapters.discord.client.interaction_payloads import Json

Translations = Mapping[str, Mapping[str, str]]

TRANSLATIONS: Translations = MappingProxyType({})

#: Where Discord takes them.
LOCALIZED = ("name_localizations", "description_localizations")


def localized(definition: Json, translations: Translations) -> Json:
    """The definition of a command, with what it, its options and their choices are called elsewhere."""
    known = dict(definition)
    for part, place in zip(("name", "description"), LOCALIZED, strict=True):
        said = str(definition.get(part, ""))
        if found := {locale: table[said] for locale, table in translations.items() if said in table}:
            known[place] = found
    for part in ("options", "choices"):
        if part in definition:
            known[part] = [localized(inner, translations) for inner in definition[part]]
    return known
