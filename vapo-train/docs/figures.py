"""Draws the figures of mathematics.md and of the sampler's documentation: `python3 figures.py`. It needs nothing but Python.

`figures.py --check` draws nothing, and fails where a file is not what would be drawn.
"""

import math
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
SAMPLER = DOCS.parents[1] / "vapo-sampler" / "docs"
INK, PALE, BLUE, ORANGE, GREEN, RED = "#333", "#bbb", "#2166ac", "#d9730d", "#1b7837", "#b2182b"

# The example: data of one value, a mixture of two Gaussians, on the linear path.
CENTRES, DEVIATION = (-0.6, 0.6), 0.25


class Figure:
    """Shapes of an SVG in a frame of pixels. Text is dark on white, so that it is read on pages of any colour."""

    def __init__(self, width, height):
        self.width, self.height, self.shapes = width, height, []

    def line(self, points, colour=INK, width=1.5, dash="", arrow=False):
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        style = f' stroke-dasharray="{dash}"' if dash else ""
        head = f' marker-end="url(#{colour[1:]})"' if arrow else ""
        self.shapes.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width}"{style}{head}/>')

    def box(self, x, y, width, height, fill="white", edge=INK):
        self.shapes.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" stroke="{edge}"/>')

    def dot(self, x, y, colour=INK, radius=3):
        self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>')

    def text(self, x, y, text, colour=INK, anchor="middle", size=14):
        self.shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-size="{size}">{text}</text>')

    def svg(self, title):
        heads = "".join(
            f'<marker id="{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
            for colour in (INK, BLUE, ORANGE, GREEN)
        )
        size = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}"'
        style = 'style="max-width:100%;height:auto;background:white" font-family="sans-serif"'
        start = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style} role="img">', f"<title>{title}</title>", f"<defs>{heads}</defs>"]
        ground = [f'<rect width="{self.width}" height="{self.height}" fill="white"/>']
        return "\n".join(start + ground + self.shapes + ["</svg>", ""])


class Axes:
    """A rectangle of a figure in which numbers have places."""

    def __init__(self, figure, left, top, width, height, x, y):
        self.figure, self.left, self.top, self.width, self.height, self.x, self.y = figure, left, top, width, height, x, y

    def at(self, x, y):
        across, up = (x - self.x[0]) / (self.x[1] - self.x[0]), (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def curve(self, points, colour, width=1.5, dash=""):
        self.figure.line([self.at(x, min(max(y, self.y[0]), self.y[1])) for x, y in points], colour, width, dash)

    def frame(self, below, beside, xs, ys):
        figure = self.figure
        figure.box(self.left, self.top, self.width, self.height, fill="none")
        for x in xs:
            figure.text(self.at(x, 0)[0], self.top + self.height + 18, f"{x:g}".replace("-", "−"), size=12)
        for y in ys:
            figure.text(self.left - 6, self.at(0, y)[1] + 4, f"{y:g}".replace("-", "−"), anchor="end", size=12)
        figure.text(self.left + self.width / 2, self.top + self.height + 38, below)
        figure.text(self.left, self.top - 10, beside, anchor="start")


def spread(time):
    """The deviation of x about t·centre, of the example at a time."""
    return math.hypot(time * DEVIATION, 1 - time)


def density(x, time):
    """rho(x, t)."""
    s = spread(time)
    return sum(math.exp(-(((x - time * c) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi)) for c in CENTRES) / len(CENTRES)


def predicted(x, time):
    """E[data given x]: of each Gaussian its conditional mean, weighted by how likely x is to come from it."""
    s = spread(time)
    exponents = [-(((x - time * c) / s) ** 2) / 2 for c in CENTRES]
    weights = [math.exp(e - max(exponents)) for e in exponents]
    means = [c + time * DEVIATION**2 / s**2 * (x - time * c) for c in CENTRES]
    return sum(w * m for w, m in zip(weights, means)) / sum(weights)


def drift(x, time):
    """E[u given x], u = data − noise and x = t·data + (1 − t)·noise."""
    return (predicted(x, time) - x) / (1 - time)


def way(x, until=0.999, steps=2000):
    """The exact flow of x, by small steps of Heun's rule: pairs of a time and a value."""
    points = [(0.0, x)]
    for k in range(steps):
        time, after = k * until / steps, (k + 1) * until / steps
        slope = drift(x, time)
        x += (after - time) * (slope + drift(x + (after - time) * slope, after)) / 2
        points.append((after, x))
    return points


def quantile(probability):
    """The number below which a standard Gaussian one lies with this probability, by bisection."""
    low, high = -8.0, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erfc(-middle / math.sqrt(2)) / 2 < probability else (low, middle)
    return low


def path():
    figure = Figure(720, 380)
    axes = Axes(figure, 60, 40, 630, 270, (0, 1), (-2.4, 2.4))
    columns, rows = 45, 36
    for column in range(columns):
        time = min((column + 0.5) / columns, 0.99)
        for row in range(rows):
            x = -2.4 + 4.8 * (row + 0.5) / rows
            grey = 255 - round(150 * min(density(x, time) / 1.2, 1))
            if grey < 253:
                left, top = axes.at(column / columns, -2.4 + 4.8 * (row + 1) / rows)
                figure.shapes.append(
                    f'<rect x="{left:.1f}" y="{top:.1f}" width="{630 / columns + 0.3:.1f}" height="{270 / rows + 0.3:.1f}" '
                    f'fill="rgb({grey},{grey},{grey})"/>'
                )
    for k in range(12):
        axes.curve(way(quantile((k + 0.5) / 12))[::50], BLUE)
    axes.frame("time t: noise at 0, data at 1", "x", (0, 0.25, 0.5, 0.75, 1), (-2, -0.6, 0.6, 2))
    return figure.svg("The density between noise and data, and twelve ways along the drift")


def objectives():
    """Deviations, over data and noise, of what one sample adds to either loss, for the exact potential of Gaussian data."""
    # One Gaussian N(0, s2) as data, which has a potential in closed form: Phi = a(t) x^2 / 2, a = (t s2 − (1 − t)) / (t^2 s2 + (1 − t)^2).
    # s2 is that of the example: its centres' and each Gaussian's.
    s2 = CENTRES[1] ** 2 + DEVIATION**2
    count = 100
    normals = [quantile((k + 0.5) / count) for k in range(count)]

    def deviation(terms):
        mean = sum(terms) / len(terms)
        return math.sqrt(sum((term - mean) ** 2 for term in terms) / len(terms))

    curves = {"flow": [], "energy": []}
    for k in range(1, 40):
        time = k / 40
        sigma = 1 - time
        slope = (time * s2 - sigma) / (time**2 * s2 + sigma**2)
        flow, energy = [], []
        for z in normals:
            for noise in normals:
                data = math.sqrt(s2) * z
                x, u = time * data + sigma * noise, data - noise
                # gamma = −d/dt log rho(x given data) = −(mu'/sigma) noise·data − (sigma'/sigma)(noise^2 − d)
                gamma = -noise * data / sigma + (noise * noise - 1) / sigma
                flow.append((slope * x - u) ** 2 / 2)
                energy.append((slope * x) ** 2 / 2 + slope * x * x / 2 * gamma)
        curves["flow"].append((time, deviation(flow)))
        curves["energy"].append((time, deviation(energy)))
    figure = Figure(720, 340)
    axes = Axes(figure, 60, 40, 630, 230, (0, 1), (0, 6))
    axes.curve(curves["flow"], BLUE, 2)
    axes.curve(curves["energy"], RED, 2)
    figure.text(*axes.at(0.3, 2.9), "energy", RED)
    figure.text(*axes.at(0.3, 0.15), "flow", BLUE)
    axes.frame("time t", "standard deviation of a sample's part of the loss", (0, 0.25, 0.5, 0.75, 1), (0, 2, 4, 6))
    return figure.svg("The standard deviations of the losses flow and energy over time")


def passes():
    figure = Figure(720, 400)
    names, xs = ("x, t", "layer 1", "layer 2", "read-out"), (40, 190, 340, 490)
    rows = (("values", 60, INK), ("cotangents: the drift", 150, BLUE), ("tangents along v", 270, ORANGE))
    for label, y, colour in rows:
        figure.text(40 if y < 200 else 190, y - 12, label, colour, "start", 13)
        for name, x in zip(names, xs):
            figure.box(x, y, 100, 34, edge=colour)
            figure.text(x + 50, y + 22, name, colour, size=13)
    for x in xs[:-1]:
        figure.line([(x + 100, 77), (x + 150, 77)], INK, arrow=True)
        figure.line([(x + 150, 167), (x + 100, 167)], BLUE, arrow=True)
        figure.line([(x + 100, 287), (x + 150, 287)], ORANGE, arrow=True)
        figure.line([(x + 150, 335), (x + 100, 335)], GREEN, arrow=True)
    figure.line([(590, 77), (630, 77)], INK, arrow=True)
    figure.text(650, 82, "Φ")
    figure.line([(630, 167), (590, 167)], BLUE, arrow=True)
    figure.text(650, 172, "1", BLUE)
    figure.line([(90, 184), (90, 212)], BLUE, arrow=True)
    figure.text(60, 230, "g = ∇Φ → loss F(g) → v = ∂F/∂g, held", BLUE, "start", 13)
    figure.line([(90, 238), (90, 268)], ORANGE, arrow=True)
    figure.line([(590, 287), (630, 287)], ORANGE, arrow=True)
    figure.text(650, 292, "Φ", ORANGE)
    figure.dot(650, 277, ORANGE, 1.5)
    figure.line([(650, 304), (650, 335), (590, 335)], GREEN, arrow=True)
    for name, x in zip(names[1:], xs[1:]):
        figure.text(x + 50, 340, "reverse", GREEN, size=13)
        figure.line([(x + 50, 346), (x + 50, 366)], GREEN, arrow=True)
        figure.text(x + 50, 384, "∂F/∂W of it", GREEN, size=13)
    figure.text(40, 340, "through both", GREEN, "start", 13)
    return figure.svg("Three passes: reverse for the drift, forward for the tangents, reverse for the gradient")


def grid(steps, exponent=0.5):
    return [1 - (1 - k / steps) ** exponent for k in range(steps + 1)]


def euler(x, times):
    points = [(0, x)]
    for time, after in zip(times, times[1:]):
        x += (after - time) * drift(x, time)
        points.append((after, x))
    return points


def etd2(x, times):
    """As vapo-sampler/src/solver/etd2.rs, at temperature 0, with an extrapolation of 1: x = t·D + (1 − t)·E, of which E is carried."""
    points, before = [(0, x)], None
    for time, after in zip(times, times[1:]):
        width, image = after - time, predicted(x, time)
        carried = (1 - after) / (1 - time)
        if after < 1:
            moment = width * after - (1 - after) * (math.log((1 - time) / (1 - after)) - width)
            factor = moment / (after - time * carried)
        else:
            factor = width / 2
        ahead = image if before is None else image + factor / before[0] * (image - before[1])
        x = carried * x + (after - time * carried) * ahead
        before = (width, image)
        points.append((after, x))
    return points


def misses(solver, count=60, length=5):
    """The root mean square of what a solver misses the exact end by, over samples spread as the prior is."""
    starts = [quantile((k + 0.5) / count) for k in range(count)]
    errors = [solver(start, grid(length))[-1][1] - way(start)[-1][1] for start in starts]
    return math.sqrt(sum(error * error for error in errors) / count)


def steps():
    start = quantile(0.2)
    figure = Figure(720, 380)
    axes = Axes(figure, 60, 40, 630, 270, (0, 1), (-1.05, -0.35))
    axes.curve(way(start)[::20], PALE, 5)
    for points, colour in ((euler(start, grid(5)), RED), (etd2(start, grid(5)), BLUE)):
        axes.curve(points, colour)
        for point in points:
            figure.dot(*axes.at(*point), colour)
    for row, (text, colour) in enumerate((("grey: exact", INK), ("red: Euler", RED), ("blue: etd2", BLUE))):
        figure.text(*axes.at(0.05, -0.43 - 0.05 * row), text, colour, "start")
    axes.frame("time t", "x", (0, 0.25, 0.5, 0.75, 1), (-1, -0.8, -0.6, -0.4))
    return figure.svg("Five steps of Euler and of etd2 beside the exact way")


def energy():
    figure = Figure(720, 360)
    axes = Axes(figure, 60, 40, 630, 250, (-1.5, 1.5), (0, 6))
    xs = [-1.5 + 3 * k / 200 for k in range(201)]
    for time, colour in ((0.5, ORANGE), (0.7, GREEN), (0.9, BLUE)):
        values = [-math.log(max(density(time * x, time), 1e-300)) for x in xs]
        least = min(values)
        axes.curve([(x, value - least) for x, value in zip(xs, values)], colour, 2)
    for row, (time, colour) in enumerate(((0.5, ORANGE), (0.7, GREEN), (0.9, BLUE))):
        figure.text(*axes.at(-0.15, 5.5 - 0.5 * row), f"t = {time}", colour, "start")
    axes.frame("data x, looked at where its path is at time t", "energy, above its least", (-1.5, -0.6, 0, 0.6, 1.5), (0, 2, 4, 6))
    return figure.svg("The energy of the example at three times")


def integers():
    figure = Figure(720, 170)
    left, right, y = 40, 680, 80
    scale = (right - left) / 32

    def place(value):
        return left + (value + 16) * scale

    figure.box(place(-10.2), y - 22, 20.4 * scale, 44, "#e8eef7", PALE)
    figure.box(place(-5.1), y - 22, 10.2 * scale, 44, "#9ebcde", PALE)
    figure.line([(left, y), (right, y)])
    for value in (-16, -10.2, -5.1, 0, 5.1, 10.2, 16):
        figure.line([(place(value), y - 26), (place(value), y + 26)], INK, 1)
        figure.text(place(value), y + 44, f"{value:g}".replace("-", "−"), size=12)
    for value, integer in ((-16, "−32,768"), (0, "0"), (16, "32,767")):
        figure.text(place(value), y - 36, integer, BLUE, size=12)
    figure.text(360, 20, "above: the integer q; below: the value q / 2^11")
    figure.text(360, 158, "dark: what was seen; light: headroom of two; white: left over, because exponents are whole", size=12)
    return figure.svg("Values, headroom and range of an activation in 16 bits")


def plan():
    """The buffers of a drift of four nodes, over time: what vapo_format::layer says of each kind."""
    figure = Figure(720, 300)
    names = ("signal", "conv", "silu", "read-out", "read-out", "silu", "conv", "signal")
    width, left, base = 78, 70, 230
    for k, name in enumerate(names):
        colour = INK if k < 4 else BLUE
        figure.text(left + (k + 0.5) * width, base + 20, name, colour, size=12)
        figure.line([(left + k * width, base), (left + k * width, base + 6)], PALE, 1)
    figure.line([(left, base), (left + 8 * width, base)])
    figure.text(left + 2 * width, base + 42, "forward →", INK)
    figure.text(left + 6 * width, base + 42, "→ in reverse", BLUE)
    buffers = (
        (1, 5, 0, 60, "conv's value, then in place silu's", "#cfe8d5"),
        (2, 6, 60, 30, "kept for silu's reverse: a byte an element", "#f3e3c3"),
        (4, 7, 90, 60, "silu's cotangent, then conv's", "#c9dbf0"),
        (1, 2, 60, 40, "scratch", "#e4e4e4"),
        (6, 7, 0, 40, "scratch", "#e4e4e4"),
    )
    for begin, end, low, high, name, fill in buffers:
        figure.box(left + begin * width, base - low - high, (end - begin) * width, high, fill)
        figure.text(left + (begin + end) / 2 * width, base - low - high / 2 + 5, name, size=12)
    figure.text(left - 8, base - 70, "bytes", anchor="end")
    figure.line([(left - 30, base - 85), (left - 30, base - 140)], INK, arrow=True)
    figure.text(left + 4 * width, 24, "The arena of a drift: buffers that are never alive together share bytes", size=13)
    return figure.svg("Buffers of a drift over time, in an arena")


def sample():
    """What Sampler::sample calls, step by step."""
    figure = Figure(720, 250)
    boxes = (
        (20, 90, 96, "Noise", "x at time 0"),
        (166, 90, 130, "Potential", "drift at (x, t)"),
        (346, 90, 130, "Solver", "x at the next time"),
        (560, 90, 130, "image", "x at time 1"),
    )
    for x, y, width, name, about in boxes:
        figure.box(x, y, width, 60)
        figure.text(x + width / 2, y + 25, name)
        figure.text(x + width / 2, y + 45, about, size=12)
    for begin, end in ((116, 166), (296, 346), (476, 560)):
        figure.line([(begin, 120), (end, 120)], INK, arrow=True)
    figure.line([(411, 150), (411, 190), (231, 190), (231, 152)], BLUE, arrow=True)
    figure.text(321, 210, "for each time of the Schedule", BLUE, size=13)
    figure.text(518, 110, "at the end", size=12)
    figure.text(231, 40, "Model, in flash", INK)
    figure.line([(231, 48), (231, 88)], INK, arrow=True)
    figure.text(411, 40, "temperature, Noise", INK)
    figure.line([(411, 48), (411, 88)], INK, arrow=True)
    figure.text(360, 240, "Plan says where each activation lies in the arena, which the caller lends", size=12)
    return figure.svg("The path of a sample through the crate's types")


FIGURES = {
    DOCS / "figures" / "path.svg": path,
    DOCS / "figures" / "objectives.svg": objectives,
    DOCS / "figures" / "passes.svg": passes,
    DOCS / "figures" / "steps.svg": steps,
    DOCS / "figures" / "energy.svg": energy,
    DOCS / "figures" / "integers.svg": integers,
    SAMPLER / "figures" / "plan.svg": plan,
    SAMPLER / "figures" / "sample.svg": sample,
}


def main():
    stale = []
    for file, draw in FIGURES.items():
        text = draw()
        if sys.argv[1:] == ["--check"]:
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                stale.append(str(file))
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
    if sys.argv[1:] != ["--check"]:
        print(f"five steps miss the exact end by: Euler {misses(euler):.3f}, etd2 {misses(etd2):.3f}")
    if stale:
        sys.exit(f"not what figures.py draws: {', '.join(stale)}; run it without --check")


main()
