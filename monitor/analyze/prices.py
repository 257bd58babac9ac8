"""Lambda's list prices: data, with its date. First tier, no free tier, no savings plan.

A region is here only where these prices are known to hold; a dearer or unknown one is left out, and its cost
is then "not known" rather than wrong. Source: AWS's price list for Lambda (public prices, USD).
"""

AS_OF = "2025-10-01"

# USD a GB-second (GB = 1,024 MB) of on-demand duration, the first 6 (x86) and 7.5 (arm) billion a month.
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
