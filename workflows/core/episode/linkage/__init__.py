"""Referral to others: what the patient needs, and what became of it (C3-C6, I3)."""
