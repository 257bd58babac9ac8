"""OpenTelemetry: spans sent as OTLP, and a TracerProvider for applications that have the API (MONITOR_TRACES=otlp)."""
