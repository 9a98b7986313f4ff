"""discord.py's client as we use it: requests, routes, webhooks of interactions, rate limit, circuit breaker, refusals.

Not here: what is asked of Discord (`posting`, `guilds`, `interactions`).
"""
