"""Aftercare: its length and its check-ins (C1, C2)."""
