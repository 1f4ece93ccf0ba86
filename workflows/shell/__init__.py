"""The durable shell: whatever keeps a record going through restarts, outages and years. It contains no rule.

`durable.py` is a record's life, from the start to its end; `effect_handlers.py` carries out what the core asks for. An
episode and a referral are both of this one kind; a task of the staff shares its small parts.
"""
