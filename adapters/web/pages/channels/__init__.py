"""A channel: its messages, the panels beside them, and the editor of its topics."""
