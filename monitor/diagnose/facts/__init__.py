"""What several rules read from the evidence: import trees, costs, starts."""
