"""The rows of the model registry: its events, their chain of hashes, and what they amount to.

In come new events with the head they follow; out come models and versions as they are, or were.
Only a store calls it; what may change is decided in model_registry/.
"""
