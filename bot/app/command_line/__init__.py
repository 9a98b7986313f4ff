"""The command line: one module for each group of commands. Logs go to stderr, answers to stdout.

What the commands do is done by the parts that `bot.app.application` opens; here it is called and shown.
"""
