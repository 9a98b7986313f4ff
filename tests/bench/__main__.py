"""Runs benchmarks and shows them as one table."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
from rich.console import Console
from rich.table import Table

import tests.bench
from tests.bench import Row


@dataclass(frozen=True, slots=True)
class Section:
    """Something that can be measured; what takes very long is `on_request` alone."""

    rows: Callable[[], Iterator[Row]]
    on_request: bool


def sections() -> dict[str, Section]:
    """What can be measured, by name."""
    names = (module.name for module in pkgutil.iter_modules(tests.bench.__path__) if not module.name.startswith("_"))
    modules = {name: importlib.import_module(f"tests.bench.{name}") for name in names}
    return {
        name: Section(module.rows, getattr(module, "ON_REQUEST", False))
        for name, module in modules.items()
        if hasattr(module, "rows")
    }


def number(value: float, unit: str) -> str:
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 100 else 0
    return f"{value:,.{digits}f} {unit}".strip()


@click.command()
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    """Measures the sections NAMES, or all but those that take very long, which are measured when they are named."""
    known = sections()
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"There is no {', '.join(unknown)}; there are {', '.join(known)}.")
    table = Table("what", "ours", "against", "ratio", row_styles=("", "dim"))
    for column in table.columns[1:]:
        column.justify = "right"
    progress = Console(stderr=True)
    for name in names or [name for name, section in known.items() if not section.on_request]:
        table.add_section()
        with progress.status(name) as status:
            for row in known[name].rows():
                status.update(f"{name}: {row.what}")
                against = f"{number(row.theirs, row.unit)} {row.rival}" if row.theirs is not None else row.rival
                ratio = f"{row.ratio:,.1f}x" if row.ratio is not None else ""
                table.add_row(row.what, number(row.ours, row.unit), against, ratio)
                if not progress.is_terminal:
                    progress.print(row.what, number(row.ours, row.unit), against, ratio, highlight=False)
    # A table that nobody looks at is not squeezed into 80 columns.
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
