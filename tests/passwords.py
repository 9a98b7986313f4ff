"""A hasher of passwords that is quick, because nobody guesses at those of tests."""

from __future__ import annotations

from argon2 import PasswordHasher

from adapters.web.people.passwords import Argon2Hasher


def quick_hasher() -> Argon2Hasher:
    return Argon2Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
