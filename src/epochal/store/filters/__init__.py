"""Filters of the run list: two languages (`language`, `mongo`), one tree (`nodes`), its evaluation over columns."""
