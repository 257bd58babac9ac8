"""`monitor dashboard`: CloudWatch dashboards and alarms as code."""
