"""Data that runs read, as facts: kinds of datasets, where they come from, and what users add.

In come frames and arrays; out go a name, a digest, a schema and a source, never the data itself.
The hooks record them, `nbtrack/data/` hands them on under MLflow's names.
"""
