"""Plants the fault that PLANTED_SDK_FAULT names into every Python process that `test_planted.py` starts."""

import os

if os.environ.get("PLANTED_SDK_FAULT"):
    from tests.sdk import planted

    assert planted.CHOSEN
