"""Who is told of spans: a collector, where the settings or OpenTelemetry's own variables name one; else nobody."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from bot.app.configuration.settings import Settings
from bot.errors import SettingsError
from bot.spans import Spans

#: OpenTelemetry's own variables that say where traces go.
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def spans_of(settings: Settings, environment: Mapping[str, str] = os.environ) -> Spans:
    """The spans that the settings ask for; raises `SettingsError` where the packages for that are missing."""
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    off = off or environment.get("OTEL_TRACES_EXPORTER", "").lower() == "none"
    if off or not (settings.otlp_endpoint or any(environment.get(name) for name in _ENDPOINTS)):
        return Spans()
    try:
        from adapters.telemetry.otlp import OtlpSpans
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"Traces are asked for (PAPERROUND_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT), but {error.name} is not "
            "installed. Install paperround[otel], or take the setting away."
        ) from error
    return OtlpSpans(settings.otlp_endpoint)
