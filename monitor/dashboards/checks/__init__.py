"""Checks for what CloudWatch would reject or misinterpret in a dashboard."""
