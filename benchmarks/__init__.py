"""How fast it is beside others: every target as a ratio, measured side by side in one run."""
