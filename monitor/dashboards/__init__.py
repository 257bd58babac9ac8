"""`monitor dashboard`: dashboards and their alarms as code."""
