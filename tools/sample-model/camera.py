"""What happens between the strip and the file: light, glare, blur, noise, colour cast, JPEG."""

import cv2
import numpy as np

from splits import IMAGE_HEIGHT, IMAGE_WIDTH, JPEG_QUALITY
from surface import Surface


def _illumination(rng: np.random.Generator) -> np.ndarray:
    """A tilted plane of light, vignetting, and on some frames a band of glare (added in `capture`)."""
    y, x = np.mgrid[-1 : 1 : IMAGE_HEIGHT * 1j, -1 : 1 : IMAGE_WIDTH * 1j].astype(np.float32)
    direction = rng.uniform(0, 2 * np.pi)
    tilt = rng.uniform(0, 0.38)
    light = 1 + tilt * (np.cos(direction) * x + np.sin(direction) * y)
    light *= 1 - rng.uniform(0, 0.22) * (x**2 + y**2)
    return light * rng.uniform(0.62, 1.35)


def _glare(rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : IMAGE_HEIGHT * 1j, -1 : 1 : IMAGE_WIDTH * 1j].astype(np.float32)
    angle = rng.uniform(0, np.pi)
    distance = np.cos(angle) * x + np.sin(angle) * y - rng.uniform(-0.9, 0.9)
    along = -np.sin(angle) * x + np.cos(angle) * y - rng.uniform(-0.8, 0.8)
    band = np.exp(-((distance / rng.uniform(0.12, 0.4)) ** 2) - (along / rng.uniform(0.4, 1.6)) ** 2)
    return rng.uniform(0.08, 0.50) * band


def _blur(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    kind = rng.random()
    if kind < 0.40:
        return cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.9))
    if kind < 0.65:
        # The strip moves along the rows while the shutter is open.
        length = int(rng.integers(3, 11))
        return cv2.blur(picture, (length, 1))
    return picture


def capture(rng: np.random.Generator, surface: Surface) -> bytes:
    """The JPEG file a line camera would have written."""
    beyond = rng.uniform(0.02, 0.12)
    reflectance = surface.luminance * surface.strip + beyond * (1 - surface.strip)
    picture = reflectance * _illumination(rng)
    if rng.random() < 0.45:
        picture += _glare(rng) * surface.strip
    picture = _blur(rng, picture)
    shot, read = rng.uniform(0.006, 0.035), rng.uniform(0.002, 0.014)
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    picture = picture + noise * np.sqrt(shot**2 * np.clip(picture, 0, 1) + read**2)
    cast = 1 + rng.uniform(-0.045, 0.045, 3)
    oil = np.array([0.10, 0.0, -0.26])
    rgb = picture[:, :, None] * (cast + surface.stain[:, :, None] * oil)
    pixels = np.clip(np.round(rgb * 255), 0, 255).astype(np.uint8)
    written, data = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not written:
        raise RuntimeError("the JPEG encoder refused a picture")
    return data.tobytes()
