"""One server for a team: a project behind HTTP.

Requests come in, in MLflow's REST protocol so that its clients need no change; answers are what
`MlflowClient` says of the project. Nothing here knows how records are kept. Called by the command
`nbtrack server` alone; needs the extra `server`.
"""
