"""What is new in a source, brought over: `importing` goes through it, `run_import` brings a run.

Each thing that came has a mark of where it is from, so the same again adds nothing; `checking`
reads both sides back and compares.
"""
