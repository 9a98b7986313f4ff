"""Configuration: settings, what stands in the environment beside them, and the data folder."""
