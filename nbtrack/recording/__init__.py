"""What this process has open and writes: session, active runs, experiments, the writer's verbs.

In come what users, cells and hooks log; out go lines to a journal and files to an artifact store,
and nothing waits for a database. Every room above records through it, or asks it which store is
open.
"""
