"""X-Ray documents as traces: segments and subsegments in a tree."""
