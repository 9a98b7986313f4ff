"""Slack's Web API: the client, the classes of its errors, retries, rate limits."""
