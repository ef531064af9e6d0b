"""MLflow's REST protocol: a table of paths each for experiments, runs, logged models, and
registered models. A request's fields come in, and what MLflow's server would answer goes out, as
JSON by the names of its `service.proto`. Called by `server.app`.
"""
