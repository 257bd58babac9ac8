"""What every command shares: options, settings, output, safe text, tables, plots, pages."""
