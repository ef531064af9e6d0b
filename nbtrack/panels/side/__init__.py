"""The runs panel where there is little room: at the side of JupyterLab.

In come what the runs panel is asked; out goes a list of the newest runs, and one that is opened.
Where a run's cell is opened, and code goes, is the page's around it. `jupyter/` serves it.
"""
