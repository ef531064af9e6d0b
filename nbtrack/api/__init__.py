"""MLflow's verbs, thin: the fluent functions, the client by id, and the flavours' `log_model`.

In come what users wrote and the names MLflow gave it; out go calls of recording/, lookup/, models/
and model_registry/. The facades at the root hand these functions on; panels and cells use the
client for changes that a person makes.
"""
