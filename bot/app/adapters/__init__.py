"""The adapters as parts of the application: how each is made from the settings, and what of the core it is given."""
