"""Ways out, each signed by a named person (E1-E7, C7)."""
