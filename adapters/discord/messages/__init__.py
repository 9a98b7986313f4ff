"""Neutral messages as embeds and components: markup, mentions, colours."""
