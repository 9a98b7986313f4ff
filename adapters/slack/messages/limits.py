"""What Slack takes at most, in characters unless said otherwise.

https://docs.slack.dev/reference/block-kit/blocks and the reference pages of the methods. `MESSAGE` is ours: Slack
refuses messages as `msg_blocks_too_long` from about 13,200 characters on and documents no number, so the whole JSON
of the blocks stays below this one.
"""

from __future__ import annotations

from typing import Final

MESSAGE: Final = 12_000
BLOCKS: Final = 50
TEXT: Final = 4_000
HEADER: Final = 150
SECTION: Final = 3_000
ACTIONS: Final = 25
OVERFLOW: Final = 5
OPTION_VALUE: Final = 150
BUTTON_LABEL: Final = 75
BUTTON_VALUE: Final = 2_000
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
URL: Final = 3_000
RESPONSES: Final = 5  # uses of one `response_url`
RESPONSE_LIFE: Final = 1_800.0  # seconds for which a `response_url` works
