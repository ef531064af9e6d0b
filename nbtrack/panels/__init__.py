"""Panels: widgets under a cell that show runs while a notebook works.

A panel is a thin shell: typed messages in and out, one JavaScript module put together from small
files, no data in traits. What it shows is asked of the store, one page at a time.
"""
