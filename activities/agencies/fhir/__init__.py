"""FHIR R4: the few resources of a closed-loop referral, built from a handover, and an agency's answer read from one.

The models are our own, with closed code sets: no library enforces `Task.status`, and what is read from outside must
be refused in words when it is not what it should be. `fhir.resources` judges them in the tests.
"""
