"""This side of a team's server: what is logged goes into files of this machine first, at the cost
of a local project, and from there to the server by a thread that nobody waits for; questions are
the server's to answer, and while it is away, those files answer what they can.

`stores.opening` opens a `RemoteStore` for `http://` and `https://`, or, where an MLflow server
answers, an `MlflowStore` (`mlflow_server`). What both sides must agree on
(`codec`, `protocol`) is here, too, for `server.nbtrack_protocol`.
"""
