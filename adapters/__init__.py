"""The outside world: the feeds that papers come from and the platforms that digests go to."""
