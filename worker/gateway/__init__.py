"""The gateway: the one door through which agencies answer. It knows links and signatures, and no patient (P11)."""
