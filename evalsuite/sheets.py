"""CSV files as people and their spreadsheets write them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from evalsuite.errors import StoreError


def read(path: Path, needed: Collection[str]) -> list[dict[str, str]]:
    """The rows by column, without blank ones; `StoreError` where there are none, or where one lacks a needed value."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            rows = [row for row in reader if any(row.values())]
            columns = Counter(reader.fieldnames or ())
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise StoreError(f"{path} is not CSV in UTF-8: {error}.") from error
    if not rows or not all(row.get(column) for row in rows for column in needed):
        named = " and ".join(needed)
        raise StoreError(f"{path} must have the columns {named}, at least one row, and all of these in each row.")
    if any(None in row for row in rows):
        raise StoreError(f"{path} has a row of more cells than there are columns.")
    if twice := [column for column, count in columns.items() if count > 1]:
        raise StoreError(f"{path} has {columns[twice[0]]} columns called {twice[0]!r}; keep one.")
    return rows
