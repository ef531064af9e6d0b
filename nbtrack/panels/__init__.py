"""What is shown alive in a notebook: runs, charts, comparison, artifacts, models, curves.

One room for each panel, built alike: `facts` are read, `content` says them in words, `table` and
`text` lay those out, a `view` is both and stands still, a `panel` is alive and its `answers` are
what its `page/` may ask; `showing` decides between view and panel, and is what users and `magics`
call.
"""
