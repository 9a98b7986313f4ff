"""The feeds of papers, one folder a source, and the HTTP that they share.

Not here: when they are read (`bot.intake`).
"""
