"""Outside agencies: who they are, how each is reached, and what is sent to them behind the consent gate (P3)."""
