"""The clinical rules, one file for each family, written from the rules and not from the code."""
