"""CatBoost: what is recorded of its models' fits, and of `cv`. Nothing here imports catboost."""
