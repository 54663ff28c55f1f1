"""The endpoints, one module per subject; `server/table.py` says which path leads to which."""
