"""Everything that CloudWatch would refuse, or quietly misread, in a dashboard."""
