"""The application: the composition root that puts all parts together, the engine, settings, logs, doctor, command line.

The only room that sees adapters and storage. Not here: any rule about papers.
"""
