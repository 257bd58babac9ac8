"""The embedded CloudWatch metrics: GetMetricData with metric math."""
