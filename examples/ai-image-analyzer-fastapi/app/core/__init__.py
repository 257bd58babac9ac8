"""Settings, errors and telemetry: what every other part leans on."""
