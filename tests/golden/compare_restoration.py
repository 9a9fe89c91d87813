#!/usr/bin/env python3
"""Compares ways to restore images: how far the restored are from images of the data, at the same evaluations of the drift.

    pip install torch numpy
    python3 compare_restoration.py --data DIR [--classifier FILE] [--count 2000] [--only WAY] F.vapo

The model is one of Fashion-MNIST, DIR and FILE are those of score.py. Of the first test images the lower half is missing, or a
square of 14 pixels in the middle. For each way: the Frechet distance of score.py, and the mean squared errors of what is missing, of
it beside the edge (2 pixels), and of what is known, all in units of [-1, 1]. Every way takes the solver etd2 on its usual grid.

| way | what is known |
|---|---|
| replaced | is put on its path, t*y + (1-t)*noise, with one draw of noise, at every step |
| jumps | the same with noise of its own each time; each step is taken twice, with fresh noise between: RePaint, arXiv:2201.09865 |
| gradient | leads the prediction by the gradient of its miss, by a finite difference of two drifts: PiGDM, Song et al. 2023 |
| predicted | is moved until its prediction is right, as vapo-sampler does |
"""
import argparse, math, pathlib
import torch
import model_file, score, torch_sampler


class Images:
    """The predicted image D of x at a time: on the straight path D = x + (1 - t)*drift"""

    def __init__(self, path):
        self.sampler, self.vectors = torch_sampler.Sampler(model_file.read(path)[0]), {}

    def __call__(self, x, t):
        if t not in self.vectors:
            self.vectors[t] = {number: vector.detach() for number, vector in self.sampler.vectors([t]).items()}
        with torch.enable_grad():
            return x + (1 - t) * self.sampler.drift(x.contiguous(memory_format=torch.channels_last), self.vectors[t])


def etd2(x, start, end, image, before, width_before, temperature, noise):
    """One step, as vapo-sampler/src/solver/etd2.rs: exact but for the image, which is extrapolated"""
    width, last = end - start, end == 1
    carried = (1 - end) / (1 - start)
    integral = -math.log(carried) if not last else 0
    moment = width * end - (1 - end) * (integral - width)
    remaining = math.exp(-temperature * integral)
    if before is not None:
        factor = 0.5 * width / width_before if last else moment / (width_before * (end - start * carried))
        image = image + factor * (image - before)
    kept = carried * remaining
    return kept * x + (end - start * kept) * image + (1 - end) * math.sqrt(1 - remaining**2) * noise()


def restored(way, images, x, y, known, evaluations, temperature, noise):
    """Images whose known elements are those of y, from the noise x"""
    twice = way in ("jumps", "gradient")
    steps, prior, before, width_before = evaluations // (2 if twice else 1), x, None, None
    times = [1 - math.sqrt(1 - step / steps) for step in range(steps + 1)]
    for start, end in zip(times, times[1:]):
        for again in range(2 if way == "jumps" else 1):
            if way != "predicted":
                held = noise() if way == "jumps" else prior
                x = torch.where(known, start * y + (1 - start) * held, x)
            image = images(x, start)
            if way == "gradient" and start > 0:
                # The gradient is the Hessian's product with the miss; the variance of what is known is taken as that of N(0, 1) data.
                moved = images(x + start * known * (y - image), start) - image
                image = torch.where(known, y, image + (start**2 + (1 - start) ** 2) / start**2 * moved)
            after = etd2(x, start, end, image, before, width_before, temperature, noise)
            if way == "jumps" and not again:
                left = math.sqrt((1 - start) ** 2 - (start / end * (1 - end)) ** 2)
                x = start / end * after + left * noise()
        if way == "predicted":
            keeps = ((1 - end) ** 2 * start) / ((1 - start) ** 2 * end)
            after = torch.where(known, end * y + keeps * (x - start * y) + end * (y - image), after)
        x, before, width_before = after, image, end - start
    return torch.where(known, y, x)


def masks():
    """What is known, by the name of what is missing"""
    lower, centre = torch.ones(28, 28, dtype=torch.bool), torch.ones(28, 28, dtype=torch.bool)
    lower[14:], centre[7:21, 7:21] = False, False
    return {"lower half": lower, "centre": centre}


def beside(known):
    """What is missing and at most 2 pixels from what is known"""
    near = torch.nn.functional.max_pool2d(known[None, None].float(), 5, 1, 2)[0, 0] > 0
    return near & ~known


@torch.no_grad()
def main():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--data", type=pathlib.Path, required=True)
    top.add_argument("--classifier", type=pathlib.Path)
    top.add_argument("--count", type=int, default=2000)
    top.add_argument("--only", choices=["replaced", "jumps", "gradient", "predicted"])
    top.add_argument("--temperature", type=float, nargs="+", default=[0.3, 8, 30])
    top.add_argument("model")
    a = top.parse_args()
    net, test = score.classifier(a.data, a.classifier), score.images(a.data, "t10k")
    reference, images = score.features(net, test), Images(a.model)
    y = score.tensor(test[: a.count])
    for name, known in masks().items():
        for way in [a.only] if a.only else ["replaced", "jumps", "gradient", "predicted"]:
            for evaluations in (10, 20):
                for temperature in a.temperature:
                    generator = torch.Generator().manual_seed(1)
                    parts = []
                    for part in y.split(500):
                        noise = lambda: torch.randn(part.shape, generator=generator)
                        parts.append(restored(way, images, noise(), part, known, evaluations, temperature, noise))
                    found = torch.cat(parts)
                    bytes_ = ((found.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy()
                    distance = score.frechet(score.features(net, bytes_), reference)
                    errors = [((found - y) ** 2)[:, 0, part].mean().item() for part in (~known, beside(known), known)]
                    print(f"{name}, {way}, {evaluations} evaluations, temperature {temperature:g}: Frechet distance {distance:.2f}, "
                          "errors missing {:.3f}, beside the edge {:.3f}, known {:.3f}".format(*errors), flush=True)


if __name__ == "__main__":
    main()
