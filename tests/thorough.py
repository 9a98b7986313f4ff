"""Whether tests are to take their time, and look at more than is needed each day."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
