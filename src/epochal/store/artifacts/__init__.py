"""Artifacts: versioned lists of files that runs log and use.

`interface` is what `Store.artifacts` is; `records` what it returns. A version begins (`announce`), takes files and
manifests in (`uploads`) and is committed (`commit`); later its names and texts change and it is deleted (`edits`). Rows
become records in `rows`; `collections` keeps names and aliases, `blobs` the bytes, `lineage` the runs.
"""
