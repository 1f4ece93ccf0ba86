"""A synthetic caseload on the pure core: what a policy would mean, before anybody lives under it.

Behaviour (`behaviour`) and staff (`staff`) are drawn from a parameters file; the outcomes are not: every exit, every
extension and every task comes out of the engine as it would for a real patient (`journey`). Nothing here sends,
writes a ledger or knows how to (P10); an import contract holds that.
"""
