"""Makes the table of terms that comes with the program, from the recorded papers of arXiv beside the project.

    python -m tests.bench.term_table

To be done whenever the analyser makes other words one; it takes a minute.
"""

from __future__ import annotations

import gzip
import json
import lzma
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import bot.meaning
from bot.meaning.terms import FILE, analyser_version, telling_terms, with_pairs
from tests.search.feeds import RECORDS

CORPUS = RECORDS / "papers.jsonl.xz"
TERMS: Final = 40_000  # the most frequent ones; more make no better order


def main() -> None:
    if not CORPUS.exists():
        sys.exit(f"The recorded papers are not beside the project: {CORPUS} is missing.")
    frequencies: Counter[str] = Counter()
    papers = 0
    with lzma.open(CORPUS, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            found = {
                term for text in (record["title"], record["abstract"]) for term in with_pairs(telling_terms(text or ""))
            }
            frequencies.update(found)
            papers += 1
    common = sorted(sorted(frequencies.items(), key=lambda pair: (-pair[1], pair[0]))[:TERMS])
    path = Path(bot.meaning.__file__).with_name(FILE)
    with gzip.GzipFile(path, "wb", 9, mtime=0) as file:
        file.write(f"{analyser_version()}\t{papers}\n".encode())
        file.write("".join(f"{term}\t{count}\n" for term, count in common).encode())
    print(f"{len(common):,} terms of {papers:,} papers in {path.stat().st_size // 1000} kB: {path}")


if __name__ == "__main__":
    main()
