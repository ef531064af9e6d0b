"""The command `nbtrack`: one small module for each subcommand, with `add_arguments` and `run`.

In come words from a terminal; out go text, JSON or CSV, and an exit code. It may call every room,
and no room calls it.
"""
