"""The pictures of the README, cell by cell: `pip install pillow`, then `python pictures.py [DIR]`.

Editors that know cells (`# %%`) run one at a time, and show what each leaves.
"""

# %% A model, and where its pictures go
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import vapo

root = Path(__file__).resolve().parents[4]
folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
model = vapo.load(root / "vapo-sampler" / "firmware" / "models" / "digits.vapo")
print(model)


def save(name: str, rows: list[np.ndarray], scale: int = 5, gap: int = 1) -> Image.Image:
    """Writes rows of pictures (n, height, width, 1) of bytes"""
    count, (height, width) = max(map(len, rows)), rows[0].shape[1:3]
    sheet = np.full((len(rows) * (height + gap) + gap, count * (width + gap) + gap), 255, np.uint8)
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            top, left = row * (height + gap) + gap, column * (width + gap) + gap
            sheet[top : top + height, left : left + width] = picture[..., 0]
    picture = Image.fromarray(sheet).resize((sheet.shape[1] * scale, sheet.shape[0] * scale), Image.Resampling.NEAREST)
    picture.save(folder / f"{name}.png", optimize=True)
    print(folder / f"{name}.png", picture.size)
    return picture


# %% Ten digits of each class, a row a class
drawn = model.images(100, label="all", steps=10, seed=7)
save("classes", list(drawn.reshape(10, 10, *model.shape)), scale=4)

# %% From noise to digits: the image that the potential predicts on the way, x = t·image + (1 − t)·noise
# A step of the deterministic flow at a time, by the drift alone.
times = 1 - np.sqrt(1 - np.arange(13) / 12)
x = np.random.default_rng(4).standard_normal((6, *model.shape)).astype(np.float32)
label, way = [0, 2, 3, 5, 6, 8], []
for start, end in zip(times, times[1:], strict=False):
    drift = model.drift(x, start, label=label)
    way.append(np.stack([vapo.to_bytes(x), vapo.to_bytes(x + np.float32(1 - start) * drift)], 1))
    x = x + np.float32(end - start) * drift
way.append(np.stack([vapo.to_bytes(x)] * 2, 1))
steps = np.stack(way, 2)  # (digit, place or prediction, step, ...)
save("way", [row for digit in steps for row in digit])

# %% Digits and garments that form out of noise, a frame an evaluation: an animation
garments = vapo.load(root / "vapo-sampler" / "firmware" / "models" / "fashion-70000.vapo")


def forming(network: vapo.Model, count: int, seed: int, scale: int, **asked: object) -> np.ndarray:
    """The frames of `count` images side by side, (times, height, width), of bytes"""
    x, frames = np.random.default_rng(seed).standard_normal((count, *network.shape)).astype(np.float32), []
    for start, end in zip(times, times[1:], strict=False):
        frames.append(vapo.to_bytes(x))
        x = x + np.float32(end - start) * network.drift(x, start, **asked)
    frames.append(vapo.to_bytes(x))
    large = np.kron(np.stack(frames)[..., 0], np.ones((scale, scale), np.uint8))  # (times, image, height, width)
    return np.concatenate(list(np.pad(large, ((0, 0), (0, 0), (2, 2), (2, 2)), constant_values=255).swapaxes(0, 1)), 2)


frames = np.concatenate([forming(model, 6, 4, 7, label=[0, 2, 3, 5, 6, 8]), forming(garments, 6, 11, 2)], 1)
# Of 16 levels: noise is large on disk.
frames = np.kron(frames // 16 * 17, np.ones((1, 2, 2), np.uint8))
first, *rest = [Image.fromarray(frame) for frame in frames]
first.save(folder / "forming.gif", save_all=True, append_images=rest, duration=[160] * len(rest) + [2500], loop=0, optimize=True)
print(folder / "forming.gif", first.size)

# %% What is missing, restored: the digit, what is known of it, and six restorations
digits = model.sample(8, label=[2, 3, 4, 5, 6, 7, 8, 9], steps=20, seed=30)
missing = np.zeros((8, 8), bool)
missing[:, 4:] = True
restored = model.inpaint(digits, missing, 6, steps=20)
known = np.where(missing[..., np.newaxis], np.float32(0), digits)
save("restored", [vapo.to_bytes(np.stack([whole, part, *many])) for whole, part, many in zip(digits, known, restored, strict=True)])

# %% How unusual: digits by their energy, the most usual first, and the same with their pixels in another order
many = model.sample(200, steps=10, seed=500)
odd = many.reshape(200, 64)[:, np.random.default_rng(1).permutation(64)].reshape(many.shape)
energies, of_odd = model.data_energy(many), model.data_energy(odd)
ordered = np.argsort(energies)
save("energies", [vapo.to_bytes(many[ordered[:12]]), vapo.to_bytes(many[ordered[-12:]]), vapo.to_bytes(odd[:12])])
print(f"energies of digits {energies.mean():.1f} ± {energies.std():.1f}, of the others {of_odd.mean():.1f} ± {of_odd.std():.1f}")

# %% Where the memory of a drift lies, from the first time on the left to the last; a byte is white where it is not used
plan = model.plan()
end = max(buffer.offset + buffer.bytes for buffer in plan.buffers)
shades = {"value": 200, "cotangent": 140, "scratch": 90, "kept": 170, "forward": 60, "reverse": 60}
map_ = np.full((end, plan.times), 255, np.uint8)
for buffer in plan.buffers:
    for first, last in buffer.lives:
        map_[buffer.offset : buffer.offset + buffer.bytes, first : last + 1] = shades[buffer.role] - 3 * (buffer.node % 8)
picture = Image.fromarray(map_).resize((plan.times * 8, 240), Image.Resampling.NEAREST)
picture.save(folder / "plan.png", optimize=True)
print(folder / "plan.png", picture.size, f"{end} bytes, of which {plan.least} are needed at one time; {plan}")
