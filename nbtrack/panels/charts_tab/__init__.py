"""The Charts tab of the runs panel: curves, bars, scatter, parallel coordinates, importance.

In come what a view asks and the state of the table; out go specs and rows apart from each other,
bucketed by the store. Only the runs panel calls it.
"""
