"""A real MLflow server as the destination: the same journal, sent through its REST API, and what
others have logged there brought here, so that all questions have one kind of answer.

`stores.opening` opens a `MlflowStore` where a cheap question says that MLflow answers.
"""
