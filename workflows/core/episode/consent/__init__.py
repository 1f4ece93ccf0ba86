"""Consents: what they cover, and what a revocation owes (P3, P4)."""
