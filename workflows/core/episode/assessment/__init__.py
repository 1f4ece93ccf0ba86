"""Assessments: how a person fares by instruments that are filled in again and again (M1-M3)."""
