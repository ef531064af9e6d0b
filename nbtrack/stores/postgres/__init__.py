"""The same store in PostgreSQL, behind `nbtrack server`: for more people than one folder serves.

Lines become rows by the rules of the folder's store, and its questions are asked in the same SQL;
`dialect` turns the few words that PostgreSQL says otherwise.
"""
