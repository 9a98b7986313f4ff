"""`python -m tests.documents` (`make docs`): writes the pages of `deploy/docs/` that are made from the code."""

from __future__ import annotations

from tests.documents.generated import DOCS, PAGES

for name, page in PAGES.items():
    (DOCS / name).write_text(page())
    print(f"deploy/docs/{name}")
