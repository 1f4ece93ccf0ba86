"""An episode of care: a folder for each clinical subject, with its entries, policy numbers, facts and duties.

Beside the folders stands what brings the subjects together, and the step from one state to the next.
"""
