"""LightGBM: what is recorded of `train`, `cv`, and the fits of its scikit-learn estimators. Nothing
here imports lightgbm.
"""
