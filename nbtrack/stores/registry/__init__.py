"""The rows of the model registry: its events, their chain of hashes, and what they amount to.

In come new events with the head they follow; out come models and versions as they are, or were.
Stores call it, and the audit in model_registry/, where it is decided what may change.
"""
