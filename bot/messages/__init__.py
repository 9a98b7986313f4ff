"""The neutral message: blocks, spans of text and buttons, which every platform renders in its own form.

Not here: what messages say (the rooms that say it), and Block Kit, embeds or HTML (`adapters`).
"""
