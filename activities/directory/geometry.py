"""Distances on the earth, as a sphere: off by 0.1 % at most, which no patient notices."""

import math
from collections.abc import Iterator

EARTH_KM = 6371.0088
CELL = 0.5
"""Degrees of a cell of the index; some 55 km from south to north."""
_AROUND = int(360 / CELL)

Vector = tuple[float, float, float]
Cell = tuple[int, int]


def vector(latitude: float, longitude: float) -> Vector:
    """A point as a unit vector, so that a distance needs no sine."""
    north, east = math.radians(latitude), math.radians(longitude)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)


_BOXES = {
    "US": (17.5, 71.5, -180, -64.5), "CA": (41.5, 83.5, -141.1, -52.5), "MX": (14.3, 32.8, -118.5, -86.5),
    "GB": (49.1, 61.0, -8.7, 1.9), "IE": (51.3, 55.5, -10.8, -5.3), "AU": (-43.9, -9.0, 112.8, 153.8),
    "NZ": (-47.5, -34.0, 166.2, 178.7),
}  # fmt: skip


def abroad(country: str, latitude: float, longitude: float) -> bool:
    """Whether a point is surely outside a country, as when a sign was lost; never for a country not known here."""
    box = _BOXES.get(country)
    return box is not None and not (box[0] <= latitude <= box[1] and box[2] <= longitude <= box[3])


def km(cosine: float) -> float:
    """The distance of two points, from the product of their vectors."""
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, max(0.0, (1 - cosine) / 2))))


def cosine(distance_km: float) -> float:
    """The product of the vectors of two points that are so far apart."""
    return math.cos(min(math.pi, distance_km / EARTH_KM))


def cell(latitude: float, longitude: float) -> Cell:
    """The cell in which a point lies."""
    return math.floor(latitude / CELL), math.floor(longitude / CELL) % _AROUND


def cells_within(latitude: float, longitude: float, distance_km: float) -> Iterator[Cell]:
    """All cells that hold a point within a distance, over the date line as well."""
    high = math.degrees(distance_km / EARTH_KM) + 1e-6
    south, north = math.floor(max(-90, latitude - high) / CELL), math.floor(min(90, latitude + high) / CELL)
    toward_pole = math.radians(min(90, abs(latitude) + high))
    narrowing = math.cos(toward_pole)
    wide = (
        math.degrees(math.asin(min(1.0, math.sin(math.radians(min(high, 90))) / narrowing)))
        if narrowing > 1e-9
        else 180
    )
    west, east = math.floor((longitude - wide) / CELL), math.floor((longitude + wide) / CELL)
    columns = range(_AROUND) if wide >= 90 or east - west + 1 >= _AROUND else range(west, east + 1)
    for row in range(south, north + 1):
        for column in columns:
            yield row, column % _AROUND
