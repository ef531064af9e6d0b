"""Plain PyTorch training loops, which have no beginning and no end that anybody calls. Taps in
torch tell of backward passes, steps and epochs; a `LoopRecord` for each run keeps what they tell.
"""
