"""How much of the variance of the four sizes the first two principal components hold.

The sizes are brought to mean 0 and variance 1, so the shares are those of the eigenvalues of the
correlation matrix, which Jacobi's rotations find.

Usage: components.py TABLE VALUES
"""

import math
import sys

from penguins import SIZES, count, mean, read, write


def correlations(columns):
    """The correlation of each column with each."""
    centred = []
    for column in columns:
        middle = mean(column)
        centred.append([number - middle for number in column])
    squares = [math.fsum(x * x for x in column) for column in centred]
    return [
        [
            math.fsum(x * y for x, y in zip(a, b)) / math.sqrt(squares[i] * squares[j])
            for j, b in enumerate(centred)
        ]
        for i, a in enumerate(centred)
    ]


def eigenvalues(matrix):
    """Those of a symmetric matrix, the largest first."""
    size = len(matrix)
    pairs = [(p, q) for p in range(size) for q in range(p + 1, size)]
    for _ in range(50):
        for p, q in pairs:
            if matrix[p][q] == 0.0:
                continue
            half = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q])
            tangent = math.copysign(1, half) / (abs(half) + math.sqrt(half * half + 1))
            cosine = 1 / math.sqrt(tangent * tangent + 1)
            sine = tangent * cosine
            for k in range(size):
                a, b = matrix[k][p], matrix[k][q]
                matrix[k][p], matrix[k][q] = cosine * a - sine * b, sine * a + cosine * b
            for k in range(size):
                a, b = matrix[p][k], matrix[q][k]
                matrix[p][k], matrix[q][k] = cosine * a - sine * b, sine * a + cosine * b
    return sorted((matrix[k][k] for k in range(size)), reverse=True)


def main(table, path):
    birds = [bird for bird in read(table) if None not in [bird[name] for name in SIZES]]
    found = eigenvalues(correlations([[bird[name] for bird in birds] for name in SIZES]))
    shares = [100 * value / len(SIZES) for value in found]

    def percent(number, about):
        return {"number": number, "digits": 2, "unit": "percent", "about": about}

    write(
        path,
        {
            "birds": count(len(birds), "birds", "birds of which all four sizes are known"),
            "first": percent(shares[0], "variance that the first component holds"),
            "second": percent(shares[1], "variance that the second component holds"),
            "two": percent(shares[0] + shares[1], "variance that both hold together"),
        },
    )


main(*sys.argv[1:])
