"""The pages of docs/ that are written from the code, so that they cannot say anything else: `make docs`.

What a rule rests on, what can be stated, every number of the policy, and who imports whom.
"""
