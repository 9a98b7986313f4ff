"""bioRxiv and medRxiv, by their own interface."""
