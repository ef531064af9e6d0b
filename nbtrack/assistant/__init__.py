"""What a coding agent may ask of a project, over the Model Context Protocol: `nbtrack mcp`.

In come questions (which runs, what is in one, why do two differ), out go plain values for JSON.
Nothing here writes, and no file but the record is read. Only the command line calls it.
"""
