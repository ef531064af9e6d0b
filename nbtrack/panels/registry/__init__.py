"""Registered models: versions by stage, moves with their gates, and who changed what and why.

In come a name or none; out come lanes, events and differences in words, and changes that a person
asks for go to model_registry/. `nbtrack.registry` calls it, and the runs panel has it as a tab.
"""
