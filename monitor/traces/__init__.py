"""`monitor traces`: X-Ray traces listed, shown, followed and compared."""
