"""Sessions: who came, the weekly dose, and the search for whoever stays away (A1-A8)."""
