"""One record for each cell that a kernel runs: what it needed, and what it touched.

In come a cell's source and the notebook's names before and after it; out go `Execution` records.
The recorder asks the others: what the source says, what objects are made of, files, hidden states.
"""
