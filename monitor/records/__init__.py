"""Pure: what Lambda, CloudWatch and X-Ray write, and what it means."""
