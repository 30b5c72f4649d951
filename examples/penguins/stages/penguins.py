"""What the stages share: reading the table, and writing values."""

import csv
import json
import math

SPECIES = ["Adelie", "Chinstrap", "Gentoo"]
SIZES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


def read(path):
    """The birds; a cell that says NA is None, and a size is a number."""
    with open(path, encoding="utf-8", newline="") as file:
        birds = list(csv.DictReader(file))
    for bird in birds:
        for name, cell in bird.items():
            if cell == "NA":
                bird[name] = None
            elif name in SIZES:
                bird[name] = float(cell)
    return birds


def write(path, data):
    """Writes JSON in one form, so that equal data give equal bytes."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
        file.write("\n")


def count(number, unit, about, rows=None):
    """A value that counts things."""
    value = {"number": number, "digits": 0, "unit": unit, "about": about}
    return value if rows is None else {**value, "rows": rows}


def mean(numbers):
    """The mean; fsum rounds once, so the order of the rows plays no part."""
    return math.fsum(numbers) / len(numbers)
