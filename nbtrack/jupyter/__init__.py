"""An extension of the Jupyter server, for ours of JupyterLab, which is in data/: the project of a
folder, the page of its side panel, and a line for it that needs no kernel. What is in data/ and
config/ lies as Jupyter wants it, and is installed where it looks.

In come requests of a page that the server has let in, and that may run code there; out go the
messages that a notebook would carry. Only Jupyter calls it, by the names that it knows.
"""
