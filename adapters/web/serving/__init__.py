"""Serving: the HTTP server, who may ask what, streams of events, health checks and metrics. No pages."""
