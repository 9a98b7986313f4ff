"""Slack: messages, delivery, commands and buttons, over Socket Mode or HTTP."""
