"""Messages to patients: approved templates, the check that refuses one which tells of the care, and sending (P2)."""
