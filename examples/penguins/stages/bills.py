"""The line of least squares of bill depth on bill length, over all birds and in each species.

The slope has a standard error; its interval is 1.96 of them to both sides, which is that of 95%
where there are as many birds as here.

Usage: bills.py TABLE VALUES FIGURE
"""

import math
import sys

from penguins import SPECIES, count, mean, read, write

WIDTH = 1.959963984540054


def line(points):
    """Slope, its standard error, intercept and correlation."""
    x, y = mean([x for x, _ in points]), mean([y for _, y in points])
    xx = math.fsum((a - x) ** 2 for a, _ in points)
    yy = math.fsum((b - y) ** 2 for _, b in points)
    xy = math.fsum((a - x) * (b - y) for a, b in points)
    slope = xy / xx
    rest = yy - slope * xy
    error = math.sqrt(rest / (len(points) - 2) / xx)
    return slope, error, y - slope * x, xy / math.sqrt(xx * yy)


def describe(values, key, points, whom):
    """Adds the values of one line; gives what the figure draws of it."""
    slope, error, intercept, correlation = line(points)
    values[f"{key}.birds"] = count(len(points), "birds", f"{whom} with a measured bill")
    for name, column, side in [("length", 0, "length"), ("depth", 1, "depth")]:
        values[f"{key}.{name}"] = {
            "number": mean([point[column] for point in points]),
            "digits": 1,
            "unit": "mm",
            "about": f"mean bill {side} of {whom}",
        }
    values[f"{key}.slope"] = {
        "number": slope,
        "digits": 3,
        "unit": "mm per mm",
        "about": f"slope of bill depth on bill length, {whom}",
        "low": slope - WIDTH * error,
        "high": slope + WIDTH * error,
    }
    for name, bound in [("low", slope - WIDTH * error), ("high", slope + WIDTH * error)]:
        values[f"{key}.slope.{name}"] = {
            "number": bound,
            "digits": 3,
            "unit": "mm per mm",
            "about": f"{name} end of the interval of that slope",
        }
    values[f"{key}.correlation"] = {
        "number": correlation,
        "digits": 2,
        "unit": "",
        "about": f"correlation of bill length and depth, {whom}",
    }
    ends = [min(points)[0], max(points)[0]]
    return {
        "points": points,
        "line": [[x, intercept + slope * x] for x in ends],
        "slope": slope,
    }


def main(table, values_path, figure_path):
    birds = [bird for bird in read(table) if bird["bill_length_mm"] is not None]
    points = {
        name: [
            [bird["bill_length_mm"], bird["bill_depth_mm"]]
            for bird in birds
            if bird["species"] == name
        ]
        for name in SPECIES
    }
    values, figure = {}, {"species": {}}
    pooled = [point for name in SPECIES for point in points[name]]
    figure["all"] = describe(values, "all", pooled, "all birds")
    for name in SPECIES:
        figure["species"][name] = describe(values, name.lower(), points[name], name)
    write(values_path, values)
    write(figure_path, figure)


main(*sys.argv[1:])
