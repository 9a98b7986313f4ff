"""Commands about a channel: when and how its digests come, what was posted, and the channel itself."""
