"""Posting: messages, replies in threads and posts of forums, each created once, and found again after a lost response.

Not here: what a message looks like (`messages`), and what a refusal means (`client.error_codes`).
"""
