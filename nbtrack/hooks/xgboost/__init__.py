"""XGBoost: what is recorded of `train`, `cv`, and the fits of its scikit-learn estimators. Modules
here may import xgboost where the hook's table names them only, for then it is imported already.
"""
