"""Forecasts: what a topic would have brought lately, and what would make it bring other papers.

Not here: how commands say it (`bot.commands.topics.forecasting`).
"""
