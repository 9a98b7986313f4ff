"""Neutral messages as Block Kit: cards, mentions, Slack's limits, and sending them."""
