"""Bytes to records and back: pure functions, no files, no network."""
