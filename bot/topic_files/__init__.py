"""Topics of channels as files, which teams keep and review like code: reading, writing and applying YAML.

A file says for any number of channels what each should have. Not here: files of everything that is kept (`storage`'s
backup), and people's own topics, which are in no file.
"""
