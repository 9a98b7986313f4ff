"""Commands about the bot itself: what is read, and how it is doing."""
