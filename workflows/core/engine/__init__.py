"""For every pathway, and for referrals: the record, how facts are read, duties, tasks, effects, the calendar.

It knows no clinical subject: those are the folders of `workflows.core.episode`.
"""
