"""The payer: refusals are appealed, and care goes on (S11)."""
