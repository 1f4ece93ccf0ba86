"""The sobriety gate, which explains itself (S9-S13)."""
