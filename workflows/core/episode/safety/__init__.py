"""Danger to life: crises, flags, and who is told at once (A6, E8)."""
