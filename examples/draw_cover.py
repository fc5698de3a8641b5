"""Draws the cover of the sample book: the tower by night, its clock at 10:41, the last train on the bridge.

Every shape is a signed distance in pixels (negative inside), so that edges are smooth without oversampling.
The build takes the JPEG this script left in the book's folder; run it only to change the picture.
"""

import argparse
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 800, 1200
SEED = 1041
Field = NDArray[np.float64]
"""One value for each pixel, shape (HEIGHT, WIDTH)."""
Colour = tuple[float, float, float]
"""Red, green, blue, each 0 to 1."""

CENTRES: NDArray[np.float64] = np.indices((HEIGHT, WIDTH), dtype=np.float64) + 0.5
Y: Field = CENTRES[0]
X: Field = CENTRES[1]

NIGHT: Colour = (0.035, 0.060, 0.130)
DUSK: Colour = (0.340, 0.330, 0.410)
FAR_HILL: Colour = (0.120, 0.155, 0.235)
NEAR_HILL: Colour = (0.070, 0.095, 0.160)
ROOF: Colour = (0.030, 0.042, 0.080)
STONE: Colour = (0.062, 0.072, 0.122)
MOONLIT: Colour = (0.330, 0.350, 0.440)
COACH: Colour = (0.230, 0.075, 0.075)
LAMP: Colour = (1.000, 0.780, 0.420)
FACE: Colour = (0.985, 0.925, 0.760)
INK: Colour = (0.090, 0.080, 0.100)
STEAM: Colour = (0.620, 0.630, 0.700)
MOON: Colour = (0.930, 0.930, 0.880)

TOWER_X, TOWER_TOP, TOWER_HALF = 400.0, 470.0, 104.0
CLOCK_Y, CLOCK_RADIUS = 600.0, 82.0
RIVER_Y, BRIDGE_Y = 1112.0, 1040.0

# Strokes of each capital on a grid 4 wide and 6 high, y downwards; numbers in pairs are the points of one line.
LETTERS: dict[str, tuple[tuple[float, ...], ...]] = {
    "A": ((0, 6, 2, 0, 4, 6), (0.7, 4, 3.3, 4)),
    "E": ((3.4, 0, 0, 0, 0, 6, 3.4, 6), (0, 3, 2.8, 3)),
    "F": ((3.4, 0, 0, 0, 0, 6), (0, 3, 2.8, 3)),
    "H": ((0, 0, 0, 6), (4, 0, 4, 6), (0, 3, 4, 3)),
    "I": ((2, 0, 2, 6),),
    "L": ((0, 0, 0, 6, 3.4, 6),),
    "M": ((0, 6, 0, 0, 2, 4, 4, 0, 4, 6),),
    "N": ((0, 6, 0, 0, 4, 6, 4, 0),),
    "T": ((0, 0, 4, 0), (2, 0, 2, 6)),
    "W": ((0, 0, 1, 6, 2, 1.6, 3, 6, 4, 0),),
    "Y": ((0, 0, 2, 3, 4, 0), (2, 3, 2, 6)),
}


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> tuple[float, ...]:
    """Points of an elliptic arc; angles in degrees, clockwise from three o'clock."""
    angles = np.radians(np.linspace(start, end, 33))
    return tuple(np.column_stack([x + rx * np.cos(angles), y + ry * np.sin(angles)]).ravel())


LETTERS["O"] = (arc(2, 3, 2.1, 3, 0, 360),)
LETTERS["R"] = ((1.9, 3.2, 0, 3.2, 0, 0, 1.9, 0), (0, 3.2, 0, 6), arc(1.9, 1.6, 1.6, 1.6, -90, 90), (1.7, 3.2, 3.7, 6))
LETTERS["S"] = (arc(1.9, 1.5, 1.6, 1.5, -25, -270), arc(1.9, 4.5, 1.7, 1.5, -90, 155))
LETTERS["U"] = ((0, 0, 0, 4), arc(2, 4, 2, 2, 180, 0), (4, 4, 4, 0))


def union(*shapes: Field) -> Field:
    joined: Field = np.minimum.reduce(shapes)
    return joined


def overlap(*shapes: Field) -> Field:
    common: Field = np.maximum.reduce(shapes)
    return common


def disc(x: float, y: float, radius: float) -> Field:
    distance: Field = np.hypot(X - x, Y - y) - radius
    return distance


def box(left: float, top: float, right: float, bottom: float) -> Field:
    return overlap(left - X, X - right, top - Y, Y - bottom)


def line(points: tuple[float, ...], thickness: float) -> Field:
    """A stroke with round ends through x, y, x, y, ..."""
    nearest: Field = np.full_like(X, np.inf)
    for i in range(0, len(points) - 2, 2):
        x0, y0, x1, y1 = points[i : i + 4]
        dx, dy = x1 - x0, y1 - y0
        along = np.clip(((X - x0) * dx + (Y - y0) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        nearest = np.minimum(nearest, np.hypot(X - x0 - along * dx, Y - y0 - along * dy))
    return nearest - thickness / 2


def gable(x: float, top: float, half: float, bottom: float, rise: float) -> Field:
    """A house front, or a spire: a box under a roof that rises `rise` pixels to its ridge at (x, top)."""
    return overlap(np.abs(X - x) - half, (top - Y) + np.abs(X - x) * rise / half, Y - bottom)


class Canvas:
    """An image of shape (HEIGHT, WIDTH, 3) that shapes are painted on, one over the other."""

    def __init__(self) -> None:
        self.pixels = np.zeros((HEIGHT, WIDTH, 3))

    def paint(self, shape: Field, colour: Colour, opacity: Field | float = 1.0) -> None:
        cover = (np.clip(0.5 - shape, 0, 1) * opacity)[..., None]
        self.pixels = self.pixels * (1 - cover) + np.array(colour) * cover

    def glow(self, x: float, y: float, reach: float, colour: Colour, strength: float) -> None:
        """Adds light that falls off with the distance, to 1/e at `reach` pixels."""
        light = strength * np.exp(-np.hypot(X - x, Y - y) / reach)
        self.pixels += light[..., None] * np.array(colour) * (1 - np.clip(self.pixels, 0, 1))

    def letters(self, text: str, y: float, size: float, gap: float, thickness: float, colour: Colour) -> None:
        """A centred line of capitals, `size` pixels high, from `y` down."""
        unit = size / 6
        advance = [unit * (2.2 if letter in " I" else 4) + gap for letter in text]
        left = (WIDTH - sum(advance) + gap) / 2
        for letter, width in zip(text, advance, strict=True):
            shift = left - unit * 0.9 if letter == "I" else left
            for stroke in LETTERS.get(letter, ()):
                placed = [shift + unit * v if i % 2 == 0 else y + unit * v for i, v in enumerate(stroke)]
                self.paint(line(tuple(placed), thickness), colour)
            left += width


def draw_sky(canvas: Canvas, random: np.random.Generator) -> None:
    height = np.clip(Y / RIVER_Y, 0, 1)[..., None] ** 1.6
    canvas.pixels = np.array(NIGHT) * (1 - height) + np.array(DUSK) * height
    for x, y, size in zip(
        random.uniform(0, WIDTH, 170),
        random.uniform(0, 820, 170),
        random.gamma(2.0, 0.32, 170),
        strict=True,
    ):
        canvas.paint(disc(x, y, size), MOON, 0.75 * (1 - y / 1000))
    canvas.glow(655, 415, 70, MOON, 0.34)
    canvas.paint(disc(655, 415, 43), MOON)
    canvas.paint(overlap(disc(655, 415, 43), -disc(673, 405, 45)), (0.80, 0.81, 0.80), 0.5)


def draw_hills(canvas: Canvas) -> None:
    canvas.paint(880 + 34 * np.sin(X / 120 + 0.6) + 12 * np.sin(X / 43) - Y, FAR_HILL)
    canvas.paint(948 + 26 * np.sin(X / 150 + 2.6) + 7 * np.sin(X / 37) - Y, NEAR_HILL)


def draw_tower(canvas: Canvas) -> None:
    x, half = TOWER_X, TOWER_HALF
    spire = gable(x, TOWER_TOP - 190, half - 16, TOWER_TOP, 190)
    canvas.paint(spire, ROOF)
    canvas.paint(overlap(spire, x + 18 - X), STONE, 0.6)
    canvas.paint(line((x, TOWER_TOP - 232, x, TOWER_TOP - 186), 4), ROOF)
    canvas.paint(line((x - 11, TOWER_TOP - 218, x + 11, TOWER_TOP - 218), 4), ROOF)
    shaft = box(x - half, TOWER_TOP, x + half, BRIDGE_Y)
    canvas.paint(shaft, STONE)
    canvas.paint(shaft, MOONLIT, np.clip((X - x) / half, 0, 1) ** 5 * 0.8)
    for y, extra, depth in ((TOWER_TOP, 14, 16), (CLOCK_Y + 112, 9, 12), (870, 9, 12)):
        ledge = box(x - half - extra, y - depth, x + half + extra, y)
        canvas.paint(ledge, STONE)
        canvas.paint(ledge, MOONLIT, 0.22 + 0.5 * np.clip((X - x) / half, 0, 1) ** 2)
        canvas.paint(box(x - half, y, x + half, y + 7), ROOF, 0.55)
    for side in (-1, 1):
        for corner in (half - 2, half + 9):
            middle = x + side * corner
            canvas.paint(box(middle - 6, TOWER_TOP - 40, middle + 6, TOWER_TOP - 14), STONE)


def draw_clock(canvas: Canvas) -> None:
    x, y, radius = TOWER_X, CLOCK_Y, CLOCK_RADIUS
    canvas.glow(x, y, 85, LAMP, 0.62)
    canvas.paint(disc(x, y, radius + 9), INK)
    canvas.paint(disc(x, y, radius + 5), LAMP, 0.55)
    canvas.paint(disc(x, y, radius), FACE)
    canvas.paint(disc(x, y, radius), LAMP, np.clip(np.hypot(X - x, Y - y) / radius, 0, 1) ** 3 * 0.45)
    for minute in range(60):
        sin, cos = np.sin(np.radians(minute * 6)), -np.cos(np.radians(minute * 6))
        inner, outer, thickness = (62, 76, 5.0) if minute % 5 == 0 else (73, 76, 1.6)
        mark = (x + inner * sin, y + inner * cos, x + outer * sin, y + outer * cos)
        canvas.paint(line(mark, thickness), INK)
    for turns, length, thickness in (((10 + 41 / 60) / 12, 43, 7.0), (41 / 60, 65, 4.6)):
        sin, cos = np.sin(turns * 2 * np.pi), -np.cos(turns * 2 * np.pi)
        hand = (x - 13 * sin, y - 13 * cos, x + length * sin, y + length * cos)
        canvas.paint(line(hand, thickness), INK)
    canvas.paint(disc(x, y, 7), INK)


def draw_small_window(canvas: Canvas) -> None:
    """The lamp-lit window under the face, and in it a man who holds both arms out."""
    x, y = TOWER_X, 775.0
    canvas.glow(x, y + 6, 30, LAMP, 0.45)
    canvas.paint(union(disc(x, y, 28), box(x - 28, y, x + 28, y + 54)), INK)
    pane = union(disc(x, y, 23), box(x - 23, y, x + 23, y + 50))
    canvas.paint(pane, LAMP)
    canvas.paint(pane, FACE, np.exp(-np.hypot(X - x - 4, Y - y - 2) / 17) * 0.8)
    man = union(disc(x - 8, y + 7, 5.5), line((x - 8, y + 20, x - 9, y + 56), 13))
    arms = union(line((x - 8, y + 18, x + 10, y + 17), 4), line((x - 8, y + 22, x + 10, y + 21), 4))
    pendulum = line((x + 11, y - 22, x + 11, y + 50), 2.2)
    canvas.paint(overlap(union(man, arms, pendulum), pane), INK)


def draw_town(canvas: Canvas, random: np.random.Generator) -> None:
    houses = (
        *((40, 914, 52, 44), (128, 876, 44, 52), (212, 920, 50, 40), (290, 890, 46, 50), (372, 946, 44, 34)),
        *((440, 952, 40, 30), (505, 900, 48, 46), (592, 926, 50, 40), (676, 884, 46, 54), (764, 916, 52, 44)),
    )
    for x, top, half, rise in houses:
        canvas.paint(gable(x, top, half, BRIDGE_Y + 10, rise), ROOF)
        canvas.paint(box(x + half * 0.35, top - 8, x + half * 0.35 + 11, top + 34), ROOF)
        for column in (-0.5, 0.0, 0.5):
            if random.random() < 0.42:
                left, lit = x + column * half - 5, top + rise + 4
                canvas.glow(left + 5, lit + 7, 9, LAMP, 0.30)
                canvas.paint(box(left, lit, left + 10, lit + 14), LAMP, 0.85)
    canvas.paint(1022 + 5 * np.sin(X / 60) - Y, ROOF)


def draw_river(canvas: Canvas, random: np.random.Generator) -> None:
    canvas.paint(RIVER_Y - 26 - Y, (0.055, 0.085, 0.150))
    ripple = 0.5 + 0.5 * np.sin(Y / 2.3 + 2 * np.sin(X / 31) + random.uniform(0, 6))
    for x, colour, spread, strength in ((TOWER_X, LAMP, 60, 0.34), (655, MOON, 34, 0.30)):
        light = strength * np.exp(-(((X - x) / spread) ** 2)) * ripple * (Y > RIVER_Y - 26)
        canvas.pixels += light[..., None] * np.array(colour)


def draw_bridge_and_train(canvas: Canvas) -> None:
    top = BRIDGE_Y
    deck = box(0, top, WIDTH, top + 16)
    wall = box(0, top, WIDTH, RIVER_Y - 8)
    for x in range(-20, WIDTH + 100, 105):
        arch = union(disc(x, top + 62, 42), box(x - 42, top + 62, x + 42, HEIGHT))
        wall = overlap(wall, -arch)
    for x in range(-72, WIDTH + 100, 105):
        wall = union(wall, box(x - 11, top, x + 11, RIVER_Y + 18))
    canvas.paint(wall, (0.055, 0.062, 0.100))
    canvas.paint(box(0, top, WIDTH, top + 4), MOONLIT, 0.8)
    canvas.paint(deck, MOONLIT, 0.12)
    rail = top - 1
    for left in (60, 152, 244, 336):
        canvas.paint(box(left, rail - 44, left + 85, rail - 7), COACH)
        canvas.paint(box(left - 3, rail - 49, left + 88, rail - 43), INK)
        canvas.paint(line((left + 83, rail - 13, left + 96, rail - 13), 4), INK)
        for window in (7, 26.5, 46, 65.5):
            pane = left + window
            canvas.glow(pane + 6, rail - 28, 9, LAMP, 0.22)
            canvas.paint(box(pane, rail - 37, pane + 13, rail - 20), LAMP, 0.95)
        for wheel in (14, 32, 54, 72):
            canvas.paint(disc(left + wheel, rail - 6, 6.5), INK)
    draw_engine(canvas, 430, rail)
    canvas.paint(disc(56, rail - 20, 4), (0.95, 0.20, 0.15))
    canvas.glow(56, rail - 20, 12, (0.95, 0.15, 0.10), 0.55)


def draw_engine(canvas: Canvas, left: float, rail: float) -> None:
    """A steam engine that runs to the right, from its cab at `left`."""
    for i in range(16):
        puff = disc(left + 96 - i * 15, rail - 74 - 2.1 * i - 5 * np.sin(i * 1.3), 8 + i * 1.5)
        canvas.paint(puff, STEAM, 0.17 * (1 - i / 16))
    cab = union(box(left, rail - 56, left + 34, rail - 8), box(left - 4, rail - 60, left + 38, rail - 54))
    boiler = union(box(left + 30, rail - 42, left + 114, rail - 12), disc(left + 113, rail - 27, 15))
    chimney = union(box(left + 92, rail - 66, left + 102, rail - 40), box(left + 89, rail - 69, left + 105, rail - 64))
    dome = disc(left + 66, rail - 43, 8)
    canvas.paint(union(cab, boiler, chimney, dome), INK)
    canvas.paint(box(left + 8, rail - 47, left + 25, rail - 31), LAMP, 0.95)
    for x, radius in ((left + 16, 10), (left + 44, 10), (left + 71, 10), (left + 100, 7)):
        canvas.paint(disc(x, rail - radius + 1, radius), INK)
        canvas.paint(np.abs(disc(x, rail - radius + 1, radius - 3)) - 0.8, MOONLIT, 0.8)
    ahead = X - (left + 128)
    beam = np.clip(1 - ahead / 250, 0, 1) * np.exp(-(((Y - rail + 28) / (8 + 0.11 * np.abs(ahead))) ** 2))
    canvas.pixels += (0.45 * beam * (ahead > 0))[..., None] * np.array(LAMP)
    canvas.paint(disc(left + 128, rail - 28, 4.5), FACE)


def draw() -> NDArray[np.uint8]:
    """The cover, shape (HEIGHT, WIDTH, 3), red, green, blue."""
    random = np.random.default_rng(SEED)
    canvas = Canvas()
    draw_sky(canvas, random)
    draw_hills(canvas)
    draw_tower(canvas)
    draw_clock(canvas)
    draw_small_window(canvas)
    draw_town(canvas, random)
    draw_river(canvas, random)
    draw_bridge_and_train(canvas)
    canvas.letters("FOUR MINUTES", 64, 60, 18, 7.0, FACE)
    canvas.letters("SLOW", 150, 60, 18, 7.0, FACE)
    canvas.letters("A SHORT STORY", 1152, 17, 8, 2.2, FACE)
    grain = random.uniform(-0.5, 0.5, (HEIGHT, WIDTH, 1)) / 255 * 2  # hides the bands of the gradient
    return np.round(np.clip(canvas.pixels + grain, 0, 1) * 255).astype(np.uint8)


def write_jpeg(path: Path, image: NDArray[np.uint8], quantiser: int) -> None:
    """quantiser: 2 (finest) to 31, as FFmpeg's mjpeg encoder takes it."""
    with av.open(str(path), "w", format="mjpeg") as container:
        options = {"qmin": str(quantiser), "qmax": str(quantiser)}
        stream = container.add_stream("mjpeg", rate=1, options=options)
        stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], "yuvj444p"
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        container.mux([*stream.encode(frame), *stream.encode(None)])


def main() -> None:
    beside = Path(__file__).parent / "four-minutes-slow" / "EPUB" / "images" / "cover.jpg"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", nargs="?", type=Path, default=beside, help="JPEG to write (%(default)s)")
    write_jpeg(parser.parse_args().output, draw(), quantiser=4)


if __name__ == "__main__":
    main()
