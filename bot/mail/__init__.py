"""Mail: the addresses that get a channel's papers, how they are confirmed and ended, and the links in mails.

Not here: what a mail looks like and how it is sent (`adapters.mail`).
"""
