"""Draws the images of the demo network.

Each image is one of the things in shapes.py, in random colours, proportions,
rotation, scale and place, before a patterned background with clutter, partly
hidden, unevenly lit, slightly blurred and noisy. An image depends on its seed
and index only.

    python draw.py sheet.png    draws a sheet with ten images of each class
"""

import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from shapes import CLASSES

SIZE = 48
OVERSAMPLING = 3
CANVAS = SIZE * OVERSAMPLING


def colour(random):
    """A random RGB colour as floats, up to 315: `fill` clips it, `contrasting` too."""
    return random.uniform(0, 255, 3) * random.uniform(0.6, 1) + random.uniform(0, 60)


def contrasting(random, others, distance):
    """A random colour at least `distance` from each of the others, or the farthest of 20."""
    best, best_gap = None, -1.0
    for _ in range(20):
        candidate = np.clip(colour(random), 0, 255)
        gap = min(np.abs(candidate - other).mean() for other in others)
        if gap >= distance:
            return candidate
        if gap > best_gap:
            best, best_gap = candidate, gap
    return best


def fill(value):
    """A colour as Pillow takes it."""
    return tuple(int(v) for v in np.clip(value, 0, 255))


def background(random, first, second):
    """An array [canvas, canvas, 3] that blends two colours by a pattern."""
    y, x = np.mgrid[0:CANVAS, 0:CANVAS] / CANVAS
    angle = random.uniform(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    frequency = random.uniform(2, 7)
    kind = random.integers(5)
    if kind == 0:
        pattern = along
    elif kind == 1:
        pattern = 0.5 + 0.5 * np.sin(2 * np.pi * frequency * along)
    elif kind == 2:
        pattern = (np.floor(frequency * along) + np.floor(frequency * across)) % 2
    elif kind == 3:
        centre = random.uniform(0, 1, 2)
        pattern = 0.5 + 0.5 * np.sin(2 * np.pi * frequency * np.hypot(x - centre[0], y - centre[1]))
    else:
        grid = (random.uniform(0, 255, (6, 6))).astype(np.uint8)
        pattern = np.asarray(Image.fromarray(grid).resize((CANVAS, CANVAS), Image.BICUBIC)) / 255
    return first + (second - first) * pattern[..., None]


def clutter(random, canvas, count, largest):
    """Draws random triangles, blobs and strokes."""
    for _ in range(count):
        centre = random.uniform(0, CANVAS, 2)
        size = random.uniform(0.05, largest) * CANVAS
        kind = random.integers(3)
        if kind == 0:
            canvas.polygon([tuple(p) for p in centre + random.uniform(-size, size, (3, 2))], fill(colour(random)))
        elif kind == 1:
            half = size * random.uniform(0.4, 1, 2)
            canvas.ellipse([tuple(centre - half), tuple(centre + half)], fill(colour(random)))
        else:
            end = centre + random.uniform(-3 * size, 3 * size, 2)
            canvas.line([tuple(centre), tuple(end)], fill(colour(random)), int(random.integers(2, 8)))


def place(random):
    """A random affine map from a thing's coordinates to the canvas: matrix and shift."""
    angle = np.radians(random.uniform(-65, 65))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, random.uniform(-0.25, 0.25)], [0, random.uniform(0.75, 1.2)]])
    mirror = np.diag([random.choice([-1.0, 1.0]), 1.0])
    radius = random.uniform(0.22, 0.43) * CANVAS
    room = max(0.0, CANVAS / 2 - 0.9 * radius)
    return radius * turn @ shear @ mirror, CANVAS / 2 + random.uniform(-room, room, 2)


def light(random, pixels):
    """Scales brightness along a direction and changes contrast; floats in, floats out."""
    y, x = np.mgrid[-1:1:SIZE * 1j, -1:1:SIZE * 1j]
    angle = random.uniform(0, 2 * np.pi)
    slope = random.uniform(0, 0.5) * (x * np.cos(angle) + y * np.sin(angle))
    return (pixels * (1 + slope[..., None]) - 128) * random.uniform(0.55, 1.1) + 128 + random.uniform(-25, 25)


def draw(label, seed, index):
    """One image of class `label`: uint8 [SIZE, SIZE, 3]."""
    random = np.random.default_rng([seed, index, label])
    first, second = colour(random), colour(random)
    second = first + (second - first) * random.uniform(0.1, 0.7)
    image = Image.fromarray(np.clip(background(random, first, second), 0, 255).astype(np.uint8))
    canvas = ImageDraw.Draw(image)
    clutter(random, canvas, int(random.integers(1, 7)), 0.16)
    matrix, shift = place(random)
    body = contrasting(random, [first, second], 34)
    accent = contrasting(random, [first, second, body], 21)
    colours = {"body": body, "accent": accent, "dark": contrasting(random, [body, accent], 37)}
    for role, points in CLASSES[label][1](random):
        canvas.polygon([tuple(p) for p in points @ matrix.T + shift], fill(colours[role]))
    clutter(random, canvas, int(random.integers(0, 4)), 0.12)
    image = image.filter(ImageFilter.GaussianBlur(random.uniform(0, 1.0) * OVERSAMPLING))
    pixels = light(random, np.asarray(image.reduce(OVERSAMPLING), dtype=np.float64))
    pixels += random.normal(0, random.uniform(2, 16), pixels.shape)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def draw_set(count, seed):
    """Images uint8 [count, SIZE, SIZE, 3] and labels int32 [count]; the classes take turns."""
    labels = np.arange(count, dtype=np.int32) % len(CLASSES)
    return np.stack([draw(int(label), seed, index) for index, label in enumerate(labels)]), labels


def sheet(columns, seed):
    """A picture with `columns` images of each class, one row per class, twice the size."""
    images, _ = draw_set(columns * len(CLASSES), seed)
    rows = images.reshape(columns, len(CLASSES), SIZE, SIZE, 3).transpose(1, 2, 0, 3, 4)
    picture = Image.fromarray(rows.reshape(len(CLASSES) * SIZE, columns * SIZE, 3))
    return picture.resize((picture.width * 2, picture.height * 2), Image.NEAREST)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python draw.py sheet.png")
    sheet(10, 7).save(sys.argv[1])
