"""The few loops that neither Python nor numpy can run fast, compiled where there was a C compiler at installation.

`kernels.py` has them as functions of arrays, with twins in numpy; `formats/row_packer.py` the one that packs logged
rows, which must not load numpy.
"""

INTERFACE = 3
"""Of compiled.c; both go up when something of _compiled.pyi comes, goes, or is called or answers in another way."""
