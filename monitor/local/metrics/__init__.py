"""CloudWatch metrics in the embedded stack: GetMetricData with metric math."""
