"""The steel strip before any defect: brushed texture, roll marks, streaks, drops, an optional strip edge."""

from dataclasses import dataclass

import cv2
import numpy as np

from splits import IMAGE_HEIGHT, IMAGE_WIDTH


@dataclass
class Surface:
    """Luminance is reflectance in 0..1 (rows × columns); `edge` holds the strip edge's row per column, if it is in view.

    `strip` is 1 on steel and 0 beyond the edge. `edge_side` is +1 where steel lies below the edge, -1 where above.
    `stain` is how much each pixel takes the brown tint of oil.
    """

    luminance: np.ndarray
    strip: np.ndarray
    stain: np.ndarray
    edge: np.ndarray | None
    edge_side: int


def smooth_noise(rng: np.random.Generator, sigma_x: float, sigma_y: float) -> np.ndarray:
    """Gaussian noise blurred to the given scale and brought back to mean 0 and deviation 1."""
    # Wide kernels are blurred at reduced size: same look, a fraction of the time.
    shrink_x = max(1, int(sigma_x / 4))
    shrink_y = max(1, int(sigma_y / 4))
    size = (max(8, IMAGE_HEIGHT // shrink_y), max(8, IMAGE_WIDTH // shrink_x))
    noise = rng.standard_normal(size, dtype=np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), sigmaX=sigma_x / shrink_x, sigmaY=sigma_y / shrink_y)
    if size != (IMAGE_HEIGHT, IMAGE_WIDTH):
        noise = cv2.resize(noise, (IMAGE_WIDTH, IMAGE_HEIGHT), interpolation=cv2.INTER_CUBIC)
    return (noise - noise.mean()) / (noise.std() + 1e-6)


def _brushed(rng: np.random.Generator) -> np.ndarray:
    base = rng.uniform(0.32, 0.62)
    fine = smooth_noise(rng, sigma_x=rng.uniform(8, 30), sigma_y=rng.uniform(0.5, 0.9))
    coarse = smooth_noise(rng, sigma_x=rng.uniform(60, 120), sigma_y=rng.uniform(2.5, 7))
    cloud = smooth_noise(rng, sigma_x=rng.uniform(30, 60), sigma_y=rng.uniform(25, 50))
    texture = rng.uniform(0.025, 0.07) * fine + rng.uniform(0.01, 0.04) * coarse + rng.uniform(0.01, 0.05) * cloud
    return (base * (1 + texture)).astype(np.float32)


def _roll_marks(rng: np.random.Generator, luminance: np.ndarray) -> None:
    """Faint periodic bands across the strip: no defect, the detector must leave them alone."""
    period = rng.uniform(40, 130)
    phase = rng.uniform(0, 2 * np.pi)
    columns = np.arange(IMAGE_WIDTH, dtype=np.float32)
    wave = np.maximum(0, np.cos(2 * np.pi * columns / period + phase)) ** rng.uniform(4, 20)
    luminance *= 1 + rng.uniform(-0.10, 0.10) * wave[None, :]


def _drops(rng: np.random.Generator, luminance: np.ndarray) -> None:
    """Water drops and dust: bright specks and rings that look a little like pits."""
    for _ in range(int(rng.integers(1, 5))):
        centre = (int(rng.integers(0, IMAGE_WIDTH)), int(rng.integers(0, IMAGE_HEIGHT)))
        radius = int(rng.integers(2, 8))
        mask = np.zeros(luminance.shape, np.uint8)
        thickness = -1 if radius < 4 or rng.random() < 0.5 else 1
        cv2.circle(mask, centre, radius, 255, thickness, cv2.LINE_AA)
        soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.6, 1.6)).astype(np.float32) / 255
        luminance *= 1 + rng.uniform(0.10, 0.45) * soft


def _streaks(rng: np.random.Generator, luminance: np.ndarray) -> None:
    """Faint lines and wipe marks along the rolling direction: harmless, though near to scratches and inclusions."""
    for _ in range(int(rng.integers(1, 4))):
        mask = np.zeros(luminance.shape, np.uint8)
        row = int(rng.integers(0, IMAGE_HEIGHT))
        start = int(rng.integers(-100, IMAGE_WIDTH - 60))
        end = start + int(rng.integers(80, IMAGE_WIDTH))
        cv2.line(mask, (start, row), (end, row + int(rng.integers(-3, 4))), 255, int(rng.integers(1, 9)), cv2.LINE_AA)
        soft = cv2.GaussianBlur(mask, (0, 0), sigmaX=8, sigmaY=rng.uniform(0.6, 2.5)).astype(np.float32) / 255
        luminance *= 1 + rng.uniform(-0.22, 0.22) * soft


def _strip_edge(rng: np.random.Generator) -> tuple[np.ndarray, int]:
    side = 1 if rng.random() < 0.5 else -1
    offset = rng.uniform(0.06, 0.24) * IMAGE_HEIGHT
    start = offset if side > 0 else IMAGE_HEIGHT - offset
    columns = np.arange(IMAGE_WIDTH, dtype=np.float32)
    slope = rng.uniform(-0.03, 0.03)
    wave = rng.uniform(0, 1.6) * np.sin(columns / rng.uniform(25, 70) + rng.uniform(0, 6.28))
    return (start + slope * (columns - IMAGE_WIDTH / 2) + wave).astype(np.float32), side


def make_surface(rng: np.random.Generator, with_edge: bool) -> Surface:
    luminance = _brushed(rng)
    if rng.random() < 0.35:
        _roll_marks(rng, luminance)
    if rng.random() < 0.35:
        _drops(rng, luminance)
    if rng.random() < 0.40:
        _streaks(rng, luminance)
    strip = np.ones(luminance.shape, np.float32)
    edge = None
    side = 1
    if with_edge:
        edge, side = _strip_edge(rng)
        rows = np.arange(IMAGE_HEIGHT, dtype=np.float32)[:, None]
        distance = (rows - edge[None, :]) * side
        strip = np.clip(distance + 0.5, 0, 1)
        burr = np.exp(-((distance - 1.5) ** 2) / rng.uniform(2, 8))
        luminance *= 1 + rng.uniform(-0.15, 0.35) * burr
    return Surface(luminance, strip, np.zeros_like(luminance), edge, side)
