"""Slack: renders messages, sends them, passes on what people do. No rule about papers lives here."""
