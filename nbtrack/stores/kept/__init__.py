"""Runs as they were read last, in memory, for as long as nothing has changed: `kept_runs` says how."""
