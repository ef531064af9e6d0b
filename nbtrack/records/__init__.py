"""What is stored and returned: frozen records of runs, of registered models, of panels' reads.

Their names and fields are MLflow's, so that the wire needs no dictionary. They import nothing of
nbtrack but `errors` and `base`; every room may hold them.
"""
