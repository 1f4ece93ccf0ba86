"""Who cares for the patient, and on which days the program is closed (T6, I4)."""
