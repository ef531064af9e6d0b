"""Lightning, which comes as two packages with a Trainer each: `lightning` and `pytorch_lightning`.
Its calls are PyTorch's to whoever switches autolog on or off. A callback, there for the time of a
call, tells what the module logs. Nothing here imports Lightning.
"""
