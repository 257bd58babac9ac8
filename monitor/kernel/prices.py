"""AWS's list prices in USD: what a function costs, and what reading about it costs.

First tier, no free tier, no savings plan. Source: AWS's public price lists, as of 2025-10-01.
"""

# Lambda. `REGIONS` lists the Regions where these prices apply. In other Regions, monitor reports no cost.

# USD per GB-second (1 GB = 1,024 MB) of on-demand duration, for the first 6 (x86) and 7.5 (arm) billion a month.
X86_GB_SECOND = 0.0000166667
ARM_GB_SECOND = 0.0000133334
REQUEST = 0.20 / 1_000_000

REGIONS = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)

# USD per GB-second of provisioned concurrency, whether it is used or not.
PROVISIONED_X86_GB_SECOND = 0.0000041667
PROVISIONED_ARM_GB_SECOND = 0.0000033334
# SnapStart for Python: USD per GB-second of a cached snapshot, and per restored GB.
SNAP_START_CACHE_GB_SECOND = 0.0000015046
SNAP_START_RESTORE_GB = 0.0001397998
# These four prices differ more between Regions than the others.
CAPACITY_REGIONS = frozenset({"us-east-1", "us-east-2", "us-west-2"})

# What monitor's own calls cost. These are the prices of us-east-1. Some Regions cost up to 50% more.
# GetMetricData, per metric.
METRIC = 0.01 / 1_000
# GetMetricWidgetImage, per image.
METRIC_IMAGE = 0.02 / 1_000
# BatchGetTraces, per trace.
TRACE = 0.50 / 1_000_000
# Logs Insights, per GB (10^9 bytes) scanned.
INSIGHTS_GB = 0.005
# Live Tail, per minute of a session.
LIVE_TAIL_MINUTE = 0.01
