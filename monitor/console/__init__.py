"""What every command shares: options, settings, output, sanitized text, tables, plots, pages."""
