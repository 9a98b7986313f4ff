"""Where papers come in: the port of sources, polling, enrichment, and the look-up of papers that no feed showed.

Not here: the feeds themselves (`adapters.feeds`).
"""
