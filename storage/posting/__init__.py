"""Posting: what channels are owed, digests with their plans, and the outbox."""
