"""Numbers with their nouns."""

from __future__ import annotations


def count_of(number: int, noun: str) -> str:
    """`1 paper`, `12 papers`, `1,234 replies`: the number with the noun in the form that it needs."""
    return f"{number:,} {noun if number == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def compact_number(number: int) -> str:
    """`999`, `1.2k`, `12.3k`, `123k`, `4.6M`: three digits at most, rounded to nearest."""
    scaled, letter = float(abs(number)), ""
    for larger in "kMG":
        if scaled < 999.5:
            break
        scaled, letter = scaled / 1000, larger
    digits = 1 if letter and scaled < 99.95 else 0
    rounded = f"{scaled:.{digits}f}".removesuffix(".0")
    return f"{'-' if number < 0 else ''}{rounded}{letter}"
