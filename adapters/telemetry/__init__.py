"""Telemetry: spans for whoever collects traces over OTLP. Needs the packages of `paperround[otel]`."""
