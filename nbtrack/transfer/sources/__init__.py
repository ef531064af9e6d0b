"""Stores of MLflow, read without it: a folder `mlruns`, or a database of SQLite.

A reader gives the records of `source_records`, one run after the other; nothing of it is trusted.
"""
