"""The sixteen things that the demo network tells apart, as coloured polygons.

A thing is a function from a random generator to a list of parts, drawn in
order. A part is a pair of a colour's role ("body", "accent" or "dark") and an
array [points, 2] of corners; x points right, y points down, and the whole
thing fits roughly into -1..1 in both. Each call gives other proportions.
"""

import numpy as np


def arc(centre, radii, start=0.0, end=360.0, count=32):
    """Points of an elliptic arc; angles in degrees, clockwise from the right."""
    angles = np.radians(np.linspace(start, end, count))
    return np.array(centre) + np.array(radii) * np.stack([np.cos(angles), np.sin(angles)], 1)


def ring(centre, radii, width, start=0.0, end=360.0):
    """A band of the given width inside an elliptic arc."""
    inner = np.array(radii) - width
    return np.concatenate([arc(centre, radii, start, end), arc(centre, inner, end, start)])


def box(left, top, right, bottom):
    """An upright rectangle."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def spikes(count, inner):
    """A star with outer radius 1 and its first point upwards."""
    angles = np.pi * np.arange(2 * count) / count - np.pi / 2
    radii = np.where(np.arange(2 * count) % 2 == 0, 1.0, inner)
    return radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)


def five_pointed_star(random):
    return [("body", spikes(5, random.uniform(0.42, 0.58)))]


def six_pointed_star(random):
    return [("body", spikes(6, random.uniform(0.5, 0.64)))]


def gear(random):
    teeth = int(random.integers(7, 11))
    inner = random.uniform(0.68, 0.8)
    step = 2 * np.pi / teeth
    corners = []
    for tooth in range(teeth):
        for offset, radius in ((0.0, inner), (0.12, 1.0), (0.38, 1.0), (0.5, inner)):
            angle = step * (tooth + offset)
            corners.append([radius * np.cos(angle), radius * np.sin(angle)])
    return [("body", np.array(corners)), ("dark", arc((0, 0), [random.uniform(0.2, 0.35)] * 2))]


def flower(random):
    petals = int(random.integers(6, 10))
    width = random.uniform(0.22, 0.3)
    parts = []
    for angle in 2 * np.pi * np.arange(petals) / petals:
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        parts.append(("body", arc((0.58, 0), (0.42, width)) @ turn))
    parts.append(("body", arc((0, 0), (0.5, 0.5))))
    return parts + [("dark", arc((0, 0), [random.uniform(0.2, 0.35)] * 2))]


def fish(random):
    height = random.uniform(0.38, 0.55)
    tail = random.uniform(0.35, 0.5)
    return [
        ("accent", np.array([[0.4, 0], [1.0, -tail], [0.85, 0], [1.0, tail]])),
        ("accent", np.array([[-0.3, -height * 0.8], [0.1, -height - 0.25], [0.35, -height * 0.5]])),
        ("body", arc((-0.2, 0), (0.8, height))),
        ("dark", arc((-0.65, -0.1), (0.09, 0.09))),
    ]


def bird(random):
    height = random.uniform(0.36, 0.5)
    wing = random.uniform(-0.5, 0.1)
    return [
        ("accent", np.array([[0.4, -0.05], [1.0, -0.35], [1.0, 0.1], [0.4, 0.3]])),
        ("accent", np.array([[-0.75, -0.45], [-1.1, -0.3], [-0.72, -0.22]])),
        ("dark", box(-0.1, 0.4, -0.03, 0.95)),
        ("dark", box(0.12, 0.4, 0.19, 0.95)),
        ("body", arc((0, 0.15), (0.62, height))),
        ("body", arc((-0.5, -0.35), (0.33, 0.33))),
        ("accent", np.array([[-0.25, 0.05], [0.45, wing], [0.3, 0.35]])),
        ("dark", arc((-0.58, -0.42), (0.07, 0.07))),
    ]


def house(random):
    side = random.uniform(0.65, 0.85)
    eaves = random.uniform(-0.3, 0.0)
    door = random.uniform(-0.45, 0.1)
    window = door + 0.45
    chimney = random.choice([-0.55, 0.4])
    return [
        ("accent", box(chimney, -0.85, chimney + 0.2, eaves)),
        ("body", box(-side, eaves, side, 0.9)),
        ("accent", np.array([[-side - 0.15, eaves], [0, -0.95], [side + 0.15, eaves]])),
        ("dark", box(door, 0.3, door + 0.3, 0.9)),
        ("dark", box(window, 0.15, window + 0.25, 0.42)),
    ]


def church(random):
    eaves = random.uniform(0.0, 0.25)
    tower = random.uniform(0.2, 0.28)
    top = random.uniform(-0.4, -0.2)
    return [
        ("body", box(-0.4, eaves, 0.9, 0.9)),
        ("accent", np.array([[-0.5, eaves], [-0.25, eaves - 0.35], [0.75, eaves - 0.35], [1.0, eaves]])),
        ("body", box(-0.55 - tower, top, -0.55 + tower, 0.9)),
        ("accent", np.array([[-0.6 - tower, top], [-0.55, -1.0], [-0.5 + tower, top]])),
        ("dark", box(-0.62, 0.45, -0.48, 0.9)),
        ("dark", box(0.0, 0.45, 0.15, 0.7)),
        ("dark", box(0.45, 0.45, 0.6, 0.7)),
    ]


def mug(random):
    top = random.uniform(-0.8, -0.6)
    base = random.uniform(0.45, 0.6)
    return [
        ("accent", ring((0.5, 0), (0.48, 0.45), 0.17)),
        ("body", np.array([[-0.7, top], [0.6, top], [base, 0.8], [-base - 0.1, 0.8]])),
        ("dark", arc((-0.05, top), (0.65, 0.12))),
    ]


def teapot(random):
    height = random.uniform(0.5, 0.62)
    return [
        ("accent", ring((0.6, 0.05), (0.42, 0.42), 0.15)),
        ("accent", np.array([[-0.4, 0.45], [-1.0, -0.35], [-0.8, -0.42], [-0.3, -0.1]])),
        ("body", arc((0, 0.15), (0.68, height))),
        ("dark", arc((0, 0.12 - height * 0.8), (0.38, 0.09))),
        ("accent", arc((0, -0.02 - height), (0.12, 0.13))),
    ]


def umbrella(random):
    height = random.uniform(0.65, 0.85)
    scallops = [arc((x, 0), (0.25, 0.13), 360, 180, 9) for x in (0.75, 0.25, -0.25, -0.75)]
    canopy = np.concatenate([arc((0, 0), (1.0, height), 180, 360)] + scallops)
    return [
        ("dark", box(-0.05, -0.1, 0.05, 0.75)),
        ("dark", ring((0.15, 0.75), (0.2, 0.2), 0.1, 0, 180)),
        ("body", canopy),
        ("accent", np.concatenate([arc((0, 0), (0.27, height), 180, 360), scallops[1][-1:], scallops[2][:1]])),
    ]


def mushroom(random):
    height = random.uniform(0.65, 0.85)
    stem = random.uniform(0.16, 0.32)
    spots = [
        ("dark", arc((x, y * height), (size, size * 0.8)))
        for x, y, size in zip((-0.5, 0.0, 0.5), random.uniform(-0.6, -0.3, 3), random.uniform(0.1, 0.17, 3))
    ]
    return [
        ("accent", np.array([[-stem, -0.1], [stem, -0.1], [stem * 1.3, 0.9], [-stem * 1.3, 0.9]])),
        ("body", arc((0, 0.05), (1.0, height), 180, 360)),
    ] + spots


def wheels(positions, radius):
    """Wheels standing on y = 0.6."""
    parts = []
    for x in positions:
        parts.append(("dark", arc((x, 0.6 - radius), (radius, radius))))
        parts.append(("accent", arc((x, 0.6 - radius), (radius * 0.45, radius * 0.45))))
    return parts


def car(random):
    roof = random.uniform(-0.55, -0.4)
    return [
        ("body", np.array([[-0.6, -0.05], [-0.35, roof], [0.35, roof], [0.65, -0.05]])),
        ("body", box(-1.0, -0.08, 1.0, 0.4)),
        ("dark", np.array([[-0.45, -0.05], [-0.28, roof + 0.1], [-0.03, roof + 0.1], [-0.03, -0.05]])),
        ("dark", np.array([[0.07, -0.05], [0.07, roof + 0.1], [0.3, roof + 0.1], [0.48, -0.05]])),
    ] + wheels((-0.55, 0.55), random.uniform(0.22, 0.28))


def lorry(random):
    top = random.uniform(-0.75, -0.5)
    return [
        ("body", box(-0.35, top, 1.0, 0.3)),
        ("accent", np.array([[-1.0, 0.4], [-1.0, 0.0], [-0.85, -0.35], [-0.42, -0.35], [-0.42, 0.4]])),
        ("dark", np.array([[-0.9, 0.0], [-0.8, -0.25], [-0.55, -0.25], [-0.55, 0.0]])),
        ("dark", box(-0.42, 0.3, 1.0, 0.4)),
    ] + wheels((-0.65, 0.25, 0.75), random.uniform(0.19, 0.24))


def heart(random):
    t = np.linspace(0, 2 * np.pi, 48)
    x = np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    return [("body", np.stack([x * random.uniform(0.75, 1.0), y * random.uniform(0.85, 1.0)], 1))]


def leaf(random):
    width = random.uniform(0.45, 0.75)
    t = np.linspace(0, 1, 24)
    half = width * np.sin(np.pi * t ** 0.75)
    outline = np.concatenate([np.stack([half, 0.7 - 1.7 * t], 1), np.stack([-half, 0.7 - 1.7 * t], 1)[::-1]])
    return [
        ("body", outline),
        ("accent", np.array([[-0.05, 1.0], [0.05, 1.0], [0.02, -0.7], [-0.02, -0.7]])),
    ]


CLASSES = [
    ("five-pointed star", five_pointed_star),
    ("six-pointed star", six_pointed_star),
    ("gear", gear),
    ("flower", flower),
    ("fish", fish),
    ("bird", bird),
    ("house", house),
    ("church", church),
    ("mug", mug),
    ("teapot", teapot),
    ("umbrella", umbrella),
    ("mushroom", mushroom),
    ("car", car),
    ("lorry", lorry),
    ("heart", heart),
    ("leaf", leaf),
]
