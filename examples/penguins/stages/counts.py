"""Counts the birds, by species, sex and island, and the cells that are missing.

Usage: counts.py TABLE VALUES
"""

import sys

from penguins import SPECIES, count, read, write


def main(table, path):
    birds = read(table)
    columns = list(birds[0])
    cells = [cell for bird in birds for cell in bird.values()]
    years = sorted({int(bird["year"]) for bird in birds})
    values = {
        "birds": count(len(birds), "birds", "rows of the table"),
        "columns": count(len(columns), "columns", "columns of the table"),
        "cells": count(len(cells), "cells", "rows times columns"),
        "missing": count(cells.count(None), "cells", "cells that say NA"),
        "complete": count(
            sum(None not in bird.values() for bird in birds), "birds", "rows without NA"
        ),
        "missing_percent": {
            "number": 100 * cells.count(None) / len(cells),
            "digits": 1,
            "unit": "percent",
            "about": "cells that say NA, of all cells",
        },
        # Years are texts: as a number, 2007 would be printed with a comma.
        "first_year": {"text": str(years[0]), "about": "the first year of the study"},
        "last_year": {"text": str(years[-1]), "about": "the last year of the study"},
        "islands": {
            "text": ", ".join(sorted({bird["island"] for bird in birds})),
            "about": "the islands, in the order of their letters",
        },
    }
    for species in SPECIES:
        of_species = [bird for bird in birds if bird["species"] == species]
        key = species.lower()
        about = "birds of the species"
        values[key] = count(len(of_species), "birds", about, f"rows of {species}")
        islands = sorted({bird["island"] for bird in of_species})
        about = "the islands where the species was measured"
        values[f"{key}.islands"] = {"text": ", ".join(islands), "about": about}
        about = "how many islands that are"
        values[f"{key}.islands_number"] = count(len(islands), "islands", about)
        for sex, word in [("female", "females"), ("male", "males"), (None, "unsexed")]:
            number = sum(bird["sex"] == sex for bird in of_species)
            about = "birds of the species and sex" if sex else "birds whose sex is not known"
            values[f"{key}.{word}"] = count(number, "birds", about)
    unsexed = sum(bird["sex"] is None for bird in birds)
    values["unsexed"] = count(unsexed, "birds", "birds whose sex is not known")
    write(path, values)


main(*sys.argv[1:])
