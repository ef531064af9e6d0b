"""Runs as they were read last, kept in memory until something has changed; see `kept_runs`."""
