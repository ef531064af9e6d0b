"""Where a run came from: which executions of cells made what it used, and what they touched.

In come the beginning and the end of every cell, told by cells/, and records of earlier executions;
out go slices, warnings, differences and verdicts for cards/, panels/, cli/ and api/. Objects of the
user are looked at by identity and as plain containers only: none of their code is called.
"""
