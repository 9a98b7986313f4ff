"""The outbox: posts, what they say, the worker that sends them, retries, and which process may send (leadership).

Not here: what goes into a digest (`bot.digests`), and the platforms' answers (`adapters`).
"""
