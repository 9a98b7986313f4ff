"""Channels: workspaces, people's own channels, installations with their tokens, and topics."""
