"""From referral to admission: screening, level of care, what is signed and agreed (I1-I6)."""
