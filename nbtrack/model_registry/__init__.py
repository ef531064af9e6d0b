"""The model registry: registered models, their versions, stages, aliases, gates, and the record of
every change.

`nbtrack.MlflowClient` and `nbtrack.register_model` are what users call; the functions here take
the store as their first argument, and read what they decide upon from it. A change is decided on
what the registry held at its newest event, and is recorded only if that still is the newest one
(`changes.commit`): two who promote at once do not overwrite each other.
"""

from nbtrack.model_registry.facts import VersionFacts, version_facts

__all__ = ["VersionFacts", "version_facts"]
