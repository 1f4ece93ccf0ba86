"""The stay: its stages and its length, leave and return (I4, C1, E6, S11)."""
