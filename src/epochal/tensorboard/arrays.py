"""From what a training script has to numpy arrays in the layout that is drawn."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def make_np(x: Any) -> Array:
    """Return a numpy array of an array, a tensor, or a number (then of shape [1]).

    bfloat16 becomes float16, and a tensor without values (device "meta") one random number, as torch does. Raises
    NotImplementedError for anything else.
    """
    if isinstance(x, np.ndarray):
        return x
    if np.isscalar(x):
        return np.array([x])
    torch: Any = sys.modules.get("torch")  # whoever hands over a tensor has imported it
    if torch is not None and isinstance(x, torch.Tensor):
        if x.device.type == "meta":
            return np.random.default_rng().standard_normal(1)
        if x.dtype == torch.bfloat16:
            x = x.to(torch.float16)
        return x.detach().cpu().numpy()
    if _is_foreign_array(x):
        return np.asarray(x)
    raise NotImplementedError(f"Got {type(x)}, but numpy array or torch tensor are expected.")


def _is_foreign_array(x: Any) -> bool:
    """Whether `x` is an array of JAX, TensorFlow or their like: it says its dtype and turns into numpy."""
    return hasattr(x, "dtype") and hasattr(x, "__array__")


def make_grid(images: Array, ncols: int = 8) -> Array:
    """Return a batch [n, 1 or 3, h, w] as one picture [3, h * rows, w * columns]; empty places are black.

    Raises AssertionError for another layout, as torch does.
    """
    if not isinstance(images, np.ndarray):
        raise AssertionError("plugin error, should pass numpy array here")
    if images.shape[1] == 1:
        images = np.concatenate([images, images, images], 1)
    if images.ndim != 4 or images.shape[1] != 3:
        raise AssertionError("Input should be a 4D numpy array with 3 channels")
    count, _channels, height, width = images.shape
    columns = min(count, ncols)
    rows = -(-count // columns)
    places = np.zeros((rows * columns, 3, height, width), dtype=images.dtype)
    places[:count] = images
    grid = places.reshape(rows, columns, 3, height, width).transpose(2, 0, 3, 1, 4)
    return grid.reshape(3, rows * height, columns * width)


def convert_to_HWC(tensor: Array, input_format: str) -> Array:
    """Return an image, or a batch as a grid, as [h, w, channels]; grey becomes three equal channels.

    input_format: a letter of NCHW for each dimension. Raises AssertionError for one that does not fit, as torch does.
    """
    if len(set(input_format)) != len(input_format):
        raise AssertionError(f"dataformats {input_format!r} names a dimension twice")
    if len(tensor.shape) != len(input_format):
        raise AssertionError(
            f"dataformats {input_format!r} does not fit a tensor of shape {tensor.shape}"
        )
    letters = input_format.upper()
    if len(letters) == 4:
        batch = tensor.transpose([letters.find(letter) for letter in "NCHW"])
        return make_grid(batch).transpose(1, 2, 0)
    if len(letters) == 3:
        image = tensor.transpose([letters.find(letter) for letter in "HWC"])
        return np.concatenate([image, image, image], 2) if image.shape[2] == 1 else image
    if len(letters) == 2:
        image = tensor.transpose([letters.find(letter) for letter in "HW"])
        return np.stack([image, image, image], 2)
    raise AssertionError(f"dataformats {input_format!r} has not two to four letters")


def scale_of(tensor: Any) -> int:
    """Return by what pixel values are multiplied: 1 for uint8, 255 for the rest."""
    return 1 if make_np(tensor).dtype == np.uint8 else 255


def to_bytes(tensor: Array, scale: int) -> Array:
    """Return pixel values times `scale` as uint8, cut at 0 and 255."""
    if tensor.dtype == np.uint8 and scale == 1:
        return tensor
    # Multiplied as float32 and cut off after the point, as torch does: other roundings give other pixels.
    scaled = tensor.astype(np.float32)
    scaled *= np.float32(scale)
    np.clip(scaled, 0, 255, out=scaled)
    with np.errstate(invalid="ignore"):  # NaN becomes some pixel value
        return scaled.astype(np.uint8)


def prepare_video(batch: Array) -> Array:
    """Return videos [b, t, c, h, w] as one of [t, h * rows, w * columns, c] whose frames are grids of theirs.

    The number of places is a power of two (those too many are black); uint8 becomes float32 from 0 to 1.
    """
    count, frames, channels, height, width = batch.shape
    if batch.dtype == np.uint8:
        batch = batch.astype(np.float32) / np.float32(255)
    places = count if count & (count - 1) == 0 else 1 << count.bit_length()
    if places != count:
        empty = np.zeros((places - count, frames, channels, height, width))
        batch = np.concatenate((batch, empty), axis=0)
    rows = 1 << ((count.bit_length() - 1) // 2)
    columns = places // rows
    grid = batch.reshape(rows, columns, frames, channels, height, width)
    return grid.transpose(2, 0, 4, 1, 5, 3).reshape(
        frames, rows * height, columns * width, channels
    )
