"""Stores of MLflow, read without it: a folder `mlruns`, a database, or a server by its REST API.

A reader gives the records of `source_records`, one run after the other; nothing of it is trusted.
"""
