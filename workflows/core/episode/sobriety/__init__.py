"""Use, tests and medication: last use, slips, and what tests say (S1-S8)."""
