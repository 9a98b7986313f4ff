"""Vectors: the meaning of a text as whole numbers, and how alike two of them are.

Numbers are int8 and dot products are exact, so whoever compares two vectors gets the same number: in search, in topics,
one at a time or many, on every machine.

NumPy takes twelve megabytes and a tenth of a second to load. Here, and wherever topics, tastes and searches need it, it
is loaded by what first works with arrays: many bots never ask for anything by example or by meaning, and never vote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.int8]
    Products: TypeAlias = NDArray[np.int32]

#: What a component of a vector of length 1 is multiplied by. Models of a few hundred dimensions have none beyond 0.3,
#: so hardly any is cut, and a dot product is right to 0.005.
SCALE: Final = 400
#: The dot product of a text with itself, nearly: a cosine of 1.
WHOLE: Final = SCALE * SCALE
#: So many columns have products whose sum a 32-bit float holds exactly (2 to the 24th), in whatever order it is added.
_EXACT_COLUMNS: Final = (1 << 24) // (127 * 127)
#: Rows that are compared at once: what is made of them on the way stays in the cache. With many vectors the multiplying
#: takes most of the time, and does better with more rows.
_BLOCK: Final = 1_024
_BLOCK_FOR_MANY: Final = 4_096


@dataclass(frozen=True, slots=True)
class Vector:
    """What a text means to one version of one model. `model` is the sha256 of its weights, in hexadecimal digits.

    Only vectors of the same model can be compared. `numbers` are int8, one byte each.
    """

    model: str
    numbers: bytes

    @property
    def array(self) -> Numbers:
        import numpy as np

        return np.frombuffer(self.numbers, dtype=np.int8)

    def dot(self, other: Vector) -> int:
        """The exact dot product; raises `ValueError` for a vector of another model."""
        if other.model != self.model:
            raise ValueError("vectors of two models cannot be compared")
        return int(dot_products(self.array.reshape(1, -1), other.array)[0])


PaperVectors: TypeAlias = Mapping[str, Sequence[Vector]]
"""The vectors of papers, by their ids: of each version of a model that topics go by, as far as there is one."""

NO_VECTORS: Final[PaperVectors] = {}


def vector_of(model: str, components: Sequence[float] | NDArray[np.floating[Any]]) -> Vector:
    """The vector in that direction, whatever the length; raises `ValueError` for one that points nowhere."""
    import numpy as np

    exact = np.asarray(components, dtype=np.float64)
    length = float(np.linalg.norm(exact))
    if not np.isfinite(length) or length == 0:
        raise ValueError("the model's answer has no direction")
    whole = np.clip(np.rint(exact / length * SCALE), -127, 127).astype(np.int8)
    return Vector(model, whole.tobytes())


def dot_products(rows: Numbers, others: Numbers) -> Products:
    """The exact dot product of each row with one vector (one dimension), or with each of several (their rows).

    The answer has a row for each of `rows`; with several vectors it has a column for each. Components are from -127
    to 127, as `vector_of` makes them.
    """
    import numpy as np

    found = np.zeros((len(rows), *others.shape[:-1]), dtype=np.int32)
    size = _BLOCK if others.size <= rows.shape[1] else _BLOCK_FOR_MANY
    for first in range(0, rows.shape[1], _EXACT_COLUMNS):
        columns = slice(first, first + _EXACT_COLUMNS)
        turned = others[..., columns].astype(np.float32).T
        for start in range(0, len(rows), size):
            block = rows[start : start + size, columns].astype(np.float32)
            found[start : start + size] += (block @ turned).astype(np.int32)
    return found
