"""Expressions that users and dashboards write: one grammar each, and what they mean."""
