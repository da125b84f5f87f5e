"""The six defect classes. Each painter changes a surface in place and returns the mask whose extent is the label's box.

A painter gets the defect's contrast in 0..1 (how far the reflectance moves from that of clean steel) and may return
None when its random shape does not fit; the caller then draws again.
"""

import cv2
import numpy as np

from splits import IMAGE_HEIGHT, IMAGE_WIDTH
from surface import Surface, smooth_noise

_SUBPIXEL_BITS = 3


def _blank() -> np.ndarray:
    return np.zeros((IMAGE_HEIGHT, IMAGE_WIDTH), np.uint8)


def _soften(mask: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(mask, (0, 0), sigma).astype(np.float32) / 255


def _fixed_point(points: np.ndarray) -> np.ndarray:
    return np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)


def _fill(mask: np.ndarray, points: np.ndarray) -> None:
    cv2.fillPoly(mask, [_fixed_point(points)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)


def _stroke(mask: np.ndarray, points: np.ndarray, thickness: int) -> None:
    cv2.polylines(mask, [_fixed_point(points)], False, 255, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _blob(
    rng: np.random.Generator, centre: tuple[float, float], radii: tuple[float, float], angle: float, roughness: float
) -> np.ndarray:
    """Outline of a lobed ellipse: harmonics 2..7 disturb the radius by `roughness`."""
    theta = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    radius = np.ones_like(theta)
    for harmonic in range(2, 8):
        amplitude = roughness * rng.uniform(0.2, 1.0) / harmonic
        radius += amplitude * np.cos(harmonic * theta + rng.uniform(0, 2 * np.pi))
    x = radii[0] * radius * np.cos(theta)
    y = radii[1] * radius * np.sin(theta)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y], axis=1)


def _centre_on_strip(rng: np.random.Generator, surface: Surface, margin_x: float, margin_y: float) -> tuple[float, float] | None:
    """A point at least the margins away from the picture's border and from the strip's edge."""
    top, bottom = 0.0, float(IMAGE_HEIGHT)
    if surface.edge is not None:
        if surface.edge_side > 0:
            top = float(surface.edge.max())
        else:
            bottom = float(surface.edge.min())
    if IMAGE_WIDTH <= 2 * margin_x or bottom - top <= 2 * margin_y:
        return None
    return rng.uniform(margin_x, IMAGE_WIDTH - margin_x), rng.uniform(top + margin_y, bottom - margin_y)


def paint_scratch(rng: np.random.Generator, surface: Surface, contrast: float) -> np.ndarray | None:
    """One to three slightly bent parallel strokes: bright groove with a dark shoulder, or dark when old."""
    length = rng.uniform(45, 230)
    angle = rng.choice([-1, 1]) * np.radians(rng.uniform(12, 75) if rng.random() < 0.7 else rng.uniform(5, 12))
    strands = int(rng.integers(1, 4))
    spacing = rng.uniform(4, 9)
    bend = rng.uniform(-0.10, 0.10) * length
    half_x = 0.5 * length * np.cos(angle)
    half_y = abs(0.5 * length * np.sin(angle)) + spacing * strands
    centre = _centre_on_strip(rng, surface, half_x * 0.9 + 4, half_y * 0.9 + 4)
    if centre is None:
        return None
    t = np.linspace(-0.5, 0.5, 24)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    mask = _blank()
    thickness = 1 if rng.random() < 0.6 else 2
    for strand in range(strands):
        shift = (strand - (strands - 1) / 2) * spacing
        part = t * rng.uniform(0.65, 1.0) if strand else t
        points = np.array(centre) + np.outer(part * length, along) + np.outer(shift + bend * (4 * part**2 - 0.5), across)
        _stroke(mask, points, thickness)
    core = _soften(mask, 0.7)
    shoulder = np.roll(_soften(mask, 1.3), (1, 1), axis=(0, 1))
    sign = 1.0 if rng.random() < 0.7 else -0.8
    surface.luminance *= (1 + sign * 1.6 * contrast * core) * (1 - 0.4 * contrast * shoulder)
    return core


def paint_pit(rng: np.random.Generator, surface: Surface, contrast: float) -> np.ndarray | None:
    """A round crater: dark floor, one lit and one shaded wall."""
    radius = rng.uniform(6, 20)
    ratio = rng.uniform(0.75, 1.3)
    centre = _centre_on_strip(rng, surface, radius * 1.4 + 3, radius * 1.4 + 3)
    if centre is None:
        return None
    outline = _blob(rng, centre, (radius * ratio, radius / ratio), 0, rng.uniform(0.05, 0.35))
    mask = _blank()
    _fill(mask, outline)
    floor = _soften(mask, max(0.8, radius * 0.12))
    slope = cv2.GaussianBlur(floor, (0, 0), 1.2)
    light = rng.uniform(0, 2 * np.pi)
    wall = np.cos(light) * cv2.Sobel(slope, cv2.CV_32F, 1, 0, ksize=3) + np.sin(light) * cv2.Sobel(slope, cv2.CV_32F, 0, 1, ksize=3)
    surface.luminance *= np.maximum(0.05, 1 - 0.75 * contrast * floor + 0.9 * contrast * wall)
    return floor


def paint_inclusion(rng: np.random.Generator, surface: Surface, contrast: float) -> np.ndarray | None:
    """Foreign matter drawn out along the rolling direction: a few dark ragged slivers."""
    half_length = rng.uniform(12, 48)
    half_width = rng.uniform(4, 11)
    tilt = np.radians(rng.uniform(-8, 8))
    centre = _centre_on_strip(rng, surface, half_length + 8, half_width + 10)
    if centre is None:
        return None
    mask = _blank()
    for part in range(int(rng.integers(1, 4))):
        shift = (0.0, 0.0) if part == 0 else (rng.uniform(-0.6, 0.6) * half_length, rng.uniform(-1.2, 1.2) * half_width)
        shrink = 1.0 if part == 0 else rng.uniform(0.4, 0.7)
        middle = (centre[0] + shift[0], centre[1] + shift[1])
        _fill(mask, _blob(rng, middle, (half_length * shrink, half_width * shrink), tilt, rng.uniform(0.4, 0.9)))
    body = _soften(mask, rng.uniform(0.7, 1.4))
    grain = 1 + 0.35 * smooth_noise(rng, 4, 1.2)
    surface.luminance *= np.clip(1 - contrast * body * grain, 0.05, 2)
    return body


def paint_rolled_in_scale(rng: np.random.Generator, surface: Surface, contrast: float) -> np.ndarray | None:
    """Oxide pressed into the surface: a mottled patch of dark flakes with pale gaps."""
    radii = (rng.uniform(18, 70), rng.uniform(16, 52))
    centre = _centre_on_strip(rng, surface, radii[0] * 0.8, radii[1] * 0.8 + 3)
    if centre is None:
        return None
    mask = _blank()
    _fill(mask, _blob(rng, centre, radii, np.radians(rng.uniform(-25, 25)), rng.uniform(0.3, 0.8)))
    region = _soften(mask, 2.0) * surface.strip
    scale = rng.uniform(2.2, 4.5)
    mottle = smooth_noise(rng, scale * rng.uniform(1.0, 1.8), scale)
    flakes = 1 / (1 + np.exp(-4 * (mottle + 0.1)))
    surface.luminance *= 1 - contrast * region * (flakes - 0.22)
    return region


def paint_edge_crack(rng: np.random.Generator, surface: Surface, contrast: float) -> np.ndarray | None:
    """A dark wedge that starts at the strip's edge and runs inwards, jagged, sometimes forked."""
    if surface.edge is None:
        return None
    depth = rng.uniform(18, 85)
    column = rng.uniform(20, IMAGE_WIDTH - 20)
    row = float(surface.edge[int(column)])
    lean = rng.uniform(-0.7, 0.7)
    mouth = rng.uniform(2.5, 8)
    steps = int(rng.integers(5, 10))
    t = np.linspace(0, 1, steps)
    jag = np.cumsum(rng.normal(0, depth * 0.05, steps))
    x = column + lean * depth * t + jag - jag[0]
    y = row + surface.edge_side * (depth * t - 2)
    width = mouth * (1 - t) ** 0.8 + 0.6
    mask = _blank()
    _fill(mask, np.concatenate([np.stack([x - width, y], 1), np.stack([x + width, y], 1)[::-1]]))
    if rng.random() < 0.45:
        fork = int(rng.integers(1, steps - 2))
        reach = depth * (1 - t[fork]) * rng.uniform(0.4, 0.9)
        turn = rng.choice([-1, 1]) * rng.uniform(0.5, 1.1)
        tip = np.array([x[fork] + turn * reach, y[fork] + surface.edge_side * reach * 0.7])
        _stroke(mask, np.array([[x[fork], y[fork]], tip]), 2)
    body = _soften(mask, 0.8) * surface.strip
    surface.luminance *= 1 - np.minimum(0.95, 1.5 * contrast) * body
    return body


def paint_oil_stain(rng: np.random.Generator, surface: Surface, contrast: float) -> np.ndarray | None:
    """A smooth film: darker and browner inside, with a slightly brighter rim where the film is thin."""
    radii = (rng.uniform(22, 85), rng.uniform(18, 58))
    centre = _centre_on_strip(rng, surface, radii[0] * 0.8, radii[1] * 0.8 + 3)
    if centre is None:
        return None
    mask = _blank()
    _fill(mask, _blob(rng, centre, radii, np.radians(rng.uniform(-40, 40)), rng.uniform(0.3, 0.9)))
    for _ in range(int(rng.integers(0, 3))):
        drip = (centre[0] + rng.uniform(-0.9, 0.9) * radii[0], centre[1] + rng.uniform(-0.9, 0.9) * radii[1])
        size = rng.uniform(0.2, 0.45)
        _fill(mask, _blob(rng, drip, (radii[0] * size, radii[1] * size), 0, 0.3))
    film = _soften(mask, rng.uniform(1.5, 4.0)) * surface.strip
    thin = np.clip(4 * film * (1 - film), 0, 1)
    surface.luminance *= 1 - 0.62 * contrast * film + rng.uniform(0, 0.25) * contrast * thin
    surface.stain[:] = np.maximum(surface.stain, film * contrast * rng.uniform(0.1, 0.7))
    return film


# In the order of CLASS_NAMES: the painter and the range its contrast is drawn from.
PAINTERS = (
    (paint_scratch, (0.07, 0.42)),
    (paint_pit, (0.11, 0.55)),
    (paint_inclusion, (0.10, 0.48)),
    (paint_rolled_in_scale, (0.09, 0.42)),
    (paint_edge_crack, (0.14, 0.50)),
    (paint_oil_stain, (0.08, 0.42)),
)
