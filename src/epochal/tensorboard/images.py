"""Encodes pixels: PNG by zlib alone, GIF and drawn boxes by Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from epochal.tensorboard.arrays import Array

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> PNG's colour type
SAMPLE_ROWS = 16
INCOMPRESSIBLE = 0.9
NO_FILTER, UP_FILTER = 0, 2


def encode_png(pixels: Array) -> bytes:
    """Return uint8[h, w, 1 to 4] as a PNG file (grey, grey with alpha, RGB, RGBA).

    Source: PNG specification, third edition, sections 5 and 9. Noise is stored as it is: trying to compress a picture
    of 256x256 takes 6 ms and saves nothing. Of the filters, each picture gets "up" or none, whichever leaves less.
    """
    height, width, channels = pixels.shape
    rows = np.ascontiguousarray(pixels).reshape(height, width * channels)
    differences = rows.copy()
    if height > 1:
        np.subtract(rows[1:], rows[:-1], out=differences[1:])
    sample = slice(0, height, max(height // SAMPLE_ROWS, 1))
    plain, up = (_ratio(part[sample]) for part in (rows, differences))
    level = 0 if min(plain, up) > INCOMPRESSIBLE else 4
    lines = np.empty((height, 1 + width * channels), np.uint8)
    lines[:, 0] = UP_FILTER if up < plain else NO_FILTER
    lines[:, 1:] = differences if up < plain else rows
    head = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    data = zlib.compress(lines.data, level)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", head), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    )


def _ratio(rows: Array) -> float:
    """Return how much of some rows zlib's fastest level leaves."""
    data = rows.tobytes()
    return len(zlib.compress(data, 1)) / max(len(data), 1)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def resize(pixels: Array, rescale: float) -> Array:
    """Return uint8[h, w, c] scaled by Pillow's LANCZOS."""
    from PIL import Image

    height, width = pixels.shape[:2]
    size = (int(width * rescale), int(height * rescale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def draw_boxes(pixels: Array, boxes: Array, labels: Sequence[str] | None) -> Array:
    """Return uint8[h, w, 3] with red rectangles [xmin, ymin, xmax, ymax], and labels at their lower left."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(pixels)
    draw: Any = ImageDraw.Draw(image)
    font: Any = ImageFont.load_default()
    for index, (left, top, right, bottom) in enumerate(boxes[:, :4].tolist()):
        corners = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
        draw.line(corners, width=2, fill="Red")
        text = labels[index] if labels is not None else None
        if text:
            x0, y0, x1, y1 = font.getbbox(text)
            width, height = x1 - x0, y1 - y0
            margin = np.ceil(0.05 * height)
            draw.rectangle(
                [(left, bottom - height - 2 * margin), (left + width, bottom)], fill="Red"
            )
            place = (left + margin, bottom - height - margin)
            draw.text(place, text, fill="black", font=font)
    return np.asarray(image)


def encode_gif(frames: Array, fps: float) -> bytes:
    """Return uint8[t, h, w, 1, 3 or 4] as an endless animated GIF."""
    from PIL import Image

    if frames.shape[3] == 1:
        frames = np.repeat(frames, 3, axis=3)
    pictures = [Image.fromarray(np.ascontiguousarray(frame[:, :, :3])) for frame in frames]
    data = io.BytesIO()
    duration = max(round(1000 / fps), 10)
    pictures[0].save(
        data,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=duration,
        loop=0,
        optimize=False,
        disposal=1,
    )
    return data.getvalue()


def encode_wav(samples: Array, rate: int) -> bytes:
    """Return int16[n] as a WAV file of one channel."""
    import wave

    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return data.getvalue()


def figure_to_image(figures: Any, close: bool = True) -> Array:
    """Return a matplotlib figure as uint8[3, h, w], a list of them as uint8[n, 3, h, w]; close: also closes them."""
    if isinstance(figures, list):
        return np.stack([figure_to_image(figure, close) for figure in figures])
    from matplotlib import pyplot
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figures)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3]
    if close:
        pyplot.close(figures)
    return np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
