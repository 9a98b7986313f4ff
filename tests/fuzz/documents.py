"""JSON with one of its values changed, so that what is read behind the brackets is reached, too."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from typing import Any, Final

_DEEPEST: Final = 50
#: Values that programs do not expect somewhere.
_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 10**30, 1.5, 1e308, float("nan"), float("inf"), "", " ", "0", "null", "\0",
    "\ud800", "<b>&", "a" * 5000, [], [None], [[]], {}, {"": None}, {"id": {}}, "2604.13035", "2026-04-21T10:00:00Z",
)  # fmt: skip


def changed_value(data: bytes, chance: random.Random, tokens: tuple[bytes, ...]) -> bytes | None:
    """The document with a value replaced, left out, exchanged or said twice; None for what is no JSON."""
    try:
        whole = [json.loads(data)]
    except (ValueError, RecursionError):
        return None
    places = list(_places(whole, 0))
    inside, key = chance.choice(places)
    match int(chance.random() * 8):
        case 0 | 1:
            inside[key] = chance.choice(_ODD)
        case 2 if inside is not whole:
            del inside[key]
        case 3:
            other, at = chance.choice(places)
            inside[key] = json.loads(json.dumps(other[at]))
        case 4 if isinstance(inside, dict):
            inside[chance.choice(tokens).decode("utf-8", "replace")] = inside.pop(key)
        case 5 if isinstance(inside, list) and inside is not whole:
            inside.append(json.loads(json.dumps(inside[key])))
        case _:
            inside[key] = _changed(inside[key], chance, tokens)
    return json.dumps(whole[0], ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def _changed(value: Any, chance: random.Random, tokens: tuple[bytes, ...]) -> Any:
    if isinstance(value, str):
        at, end = sorted(int(chance.random() * (len(value) + 1)) for _ in range(2))
        return value[:at] + chance.choice(tokens).decode("utf-8", "replace") + value[chance.choice((at, end)) :]
    return -value if isinstance(value, float) else [value]


def _places(inside: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    """Every value by what it is in, and its place there."""
    keys: Iterable[Any] = inside if isinstance(inside, dict) else range(len(inside)) if isinstance(inside, list) else ()
    for key in list(keys):
        yield inside, key
        if depth < _DEEPEST:
            yield from _places(inside[key], depth + 1)
