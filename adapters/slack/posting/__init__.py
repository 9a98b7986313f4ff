"""Posting: messages, each created once, found again after a lost response by the metadata that it carries.

Not here: what a message looks like (`messages`), and what a refusal means (`client.error_codes`).
"""
