"""nbtrack's own protocol, for `remote`: journal lines come in and are kept exactly once, questions
of `Store` are answered, files are taken with their digest. Called by `server.app`.
"""
