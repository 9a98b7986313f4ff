"""How long a test waits for what must come, before it fails."""

from __future__ import annotations

#: Seconds. What comes at all comes sooner, also where a slow machine does much else; only a failure takes so long.
PATIENCE = 120.0
