"""Contracts: one suite for all that fill the same place. Whatever passes it is complete.

`test_platforms` is for every platform adapter, `test_sources` for every source of papers, `test_stores` for the store
on both databases. `examples` has the smallest platform, source and command that can be. What only one of them does has
its tests beside that one, in `tests/adapters` and `tests/storage`.
"""
