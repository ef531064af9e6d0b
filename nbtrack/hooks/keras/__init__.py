"""Keras 3, whatever its backend: what is recorded of `fit` and `evaluate`. Only modules that are
needed when it is there import it.
"""
