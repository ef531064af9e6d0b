"""fastai: what is recorded of the fits of its learners. Only modules that are needed when it is
there import it.
"""
