"""Runs that leave: as a store of MLflow, as tables, as a page, with what was recorded of them.

`exporting` chooses runs and a form; `project_records` reads them in bulk, in the words of
`sources.source_records`; each form has a module that writes it.
"""
