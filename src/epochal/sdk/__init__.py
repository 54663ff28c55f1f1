"""What runs inside the training process.

`run` is the noun, `session` starts and ends it, `sink` writes the journal, `sender` ships it over
HTTP, `api` reads runs back.
"""
