#!/usr/bin/env python3
"""Variance of the parameter gradient of the objective `energy`, by the way that a step is drawn, in 784 dimensions.

    pip install numpy
    python3 energy_variance.py --data DIR --batches 60          # the table of vapo-train/docs/energy.md
    python3 energy_variance.py --data DIR --steps 1200          # trainings, at time 0.5

DIR holds Fashion-MNIST's train-images-idx3-ubyte.gz. The potential is linear in its parameters, so that all derivatives are exact without a
library: sum_j theta_j psi_j(x), psi_j = silu(w_j.x + c_j) of 128 features, half of them of patches of 7x7 pixels, and |x|^2/2. The path is
the straight one. Of every way a step takes 32 evaluations at most, those at mean points among them, a product with a curvature as one.

Printed is the variance over that of `flow`, parameter by parameter, on average; and how far the mean is from that of `flow`: squared, in
units of its variance, on average over parameters, which is 1 where both are the same.
"""
import argparse, gzip, pathlib
import numpy as np

arguments = argparse.ArgumentParser()
arguments.add_argument("--data", type=pathlib.Path, required=True)
arguments.add_argument("--batches", type=int, default=60)
arguments.add_argument("--steps", type=int)
arguments = arguments.parse_args()
rng = np.random.default_rng(0); D, J, N = 784, 128, 32
raw = gzip.open(arguments.data / "train-images-idx3-ubyte.gz").read(16 + D * 4096)
X = np.frombuffer(raw[16:], np.uint8).reshape(-1, D).astype(np.float64) / 127.5 - 1
# Half of the features look at patches of 7x7 pixels, half at all.
W = rng.standard_normal((J, 28, 28)) * 1.5 / 28
for j in range(0, J, 2):
    a, b = rng.integers(0, 22, 2); m = np.zeros((28, 28)); m[a:a+7, b:b+7] = 4; W[j] *= m
W = W.reshape(J, D); C = rng.standard_normal(J)
sig = lambda s: 1 / (1 + np.exp(-s))
class At:
    """psi (n, J+1) at points, and products of their gradients and curvatures with vectors."""
    def __init__(self, x):
        s = x @ W.T + C; f = sig(s); self.x = x
        self.psi = np.c_[s * f, 0.5 * (x * x).sum(1)]
        self.d1 = f * (1 + s * (1 - f)); self.d2 = f * (1 - f) * (2 + s * (1 - 2 * f))
    def along(self, v): return np.c_[self.d1 * (v @ W.T), (v * self.x).sum(1)]
    def curve(self, v): return np.c_[self.d2 * (v @ W.T) ** 2, (v * v).sum(1)]
    def drift(self, th): return (self.d1 * th[:-1]) @ W + th[-1] * self.x
def images(n): return X[rng.integers(0, len(X), n)] + 0.02 * rng.standard_normal((n, D))
def noise(x): return rng.standard_normal(x.shape)
def dot(a, b): return (a * b).sum(1)
def norm(e): return dot(e, e) - D
def kin(p, th): return p.along(p.drift(th)).mean(0)
def mean(w, psi): return (w[:, None] * psi).mean(0)
def own(v, k): v = v.reshape(-1, k); return ((v - v.mean(1, keepdims=True)) * k / (k - 1)).ravel() if k > 1 else v.ravel()
def plain(t, th, c=0., image=False, mirrored=True, exact=True):
    n = N // 2 if mirrored else N; x = images(n); e = noise(x)
    if mirrored: x, e = np.r_[x, x], np.r_[e, -e]
    p = At(t * x + (1 - t) * e); a, b = norm(e), dot(e, x)
    parts = -(1 - t) * p.along(x - e).mean(0)
    if mirrored and exact:
        w = (a - a.mean()) * n / (n - 1); cov = mean(w, p.psi) + (-(1 - t) * p.along(x).mean(0) if image else -mean(b, p.psi))
    else: cov = mean(own(a - b, len(x)), p.psi)
    return (1 - t) * kin(p, th) + (1 - c) * cov + c * parts
def many(t, th, k, image=False):
    x = images(N // 2 // k).repeat(k, 0); e = noise(x); a, b = norm(e), dot(e, x)
    p = At(np.r_[t * x + (1 - t) * e, t * x - (1 - t) * e])
    odd = -(1 - t) * p.along(np.r_[x, x]).mean(0) if image else -mean(np.r_[b, -b], p.psi)
    return (1 - t) * kin(p, th) + mean(np.tile(own(a, k), 2), p.psi) + odd
def point(t, th, linear=True, square=False):
    n = N // 5 if square else N // 3; x = images(n); e = noise(x); a, b = norm(e), dot(e, x)
    p, q, m = At(t * x + (1 - t) * e), At(t * x - (1 - t) * e), At(t * x)
    even, odd = (p.psi + q.psi) / 2 - m.psi, (p.psi - q.psi) / 2
    cov = 0
    if square:
        v = np.sign(noise(x)); s2 = (1 - t) ** 2; even = even - 0.5 * s2 * m.curve(e); cov = s2 * m.curve(v).mean(0)
    if linear: odd = odd - (1 - t) * m.along(e); cov = cov - (1 - t) * m.along(x).mean(0)
    return (1 - t) * (kin(p, th) + kin(q, th)) / 2 + cov + mean(a, even) - mean(b, odd)
def common(t, th, k, mirror=True):
    x = images(N // (2 * k) if mirror else N // k).repeat(k, 0); e = noise(x)
    L = np.sqrt(dot(x, x))[:, None]; u = x / L; z = dot(e, u)[:, None]; y = e - z * u; r = np.sqrt(dot(y, y))[:, None]
    w = (y / r).reshape(-1, k, D)[:, :1].repeat(k, 1).reshape(-1, D)
    a, b = (r * r + z * z)[:, 0] - D, (z * L)[:, 0]
    p = At(t * x + (1 - t) * (z * u + r * w))
    if not mirror: return (1 - t) * kin(p, th) + mean(own(a - b, k), p.psi)
    q = At(t * x + (1 - t) * (r * w - z * u)); s = own(a, k)
    return (1 - t) * (kin(p, th) + kin(q, th)) / 2 + (mean(s - b, p.psi) + mean(s + b, q.psi)) / 2
ways = {
 "flow, independent": lambda t, th: plain(t, th, 1, mirrored=False), "flow, mirrored": lambda t, th: plain(t, th, 1),
 "energy, independent": lambda t, th: plain(t, th, mirrored=False), "energy, mirrored, before": lambda t, th: plain(t, th, exact=False),
 "energy, mirrored, exact": lambda t, th: plain(t, th),
 "0.9 by parts": lambda t, th: plain(t, th, 0.9), "0.98 by parts": lambda t, th: plain(t, th, 0.98),
 "image part by parts": lambda t, th: plain(t, th, image=True),
 "4 pairs an image": lambda t, th: many(t, th, 4), 
 "4 pairs, image part by parts": lambda t, th: many(t, th, 4, True),
 "level at mean point": lambda t, th: point(t, th, False), "linear at mean point": lambda t, th: point(t, th),
 "linear and quadratic": lambda t, th: point(t, th, True, True),
 "common, 4 samples": lambda t, th: common(t, th, 4, False), "common, 8 samples": lambda t, th: common(t, th, 8, False),
 "common, 2 pairs": lambda t, th: common(t, th, 2), "common, 4 pairs": lambda t, th: common(t, th, 4), "common, 8 pairs": lambda t, th: common(t, th, 8)}
def fitted(t):
    """theta of flow by least squares."""
    A, B = 0, 0
    for _ in range(12):
        x = images(256); e = noise(x); p = At(t * x + (1 - t) * e); u = x - e
        G = (p.d1[:, :, None] * W[None]).reshape(256, J, D)[:48]
        G = np.concatenate([G, p.x[:48, None]], 1)
        A = A + np.einsum("njd,nkd->jk", G, G, optimize=True); B = B + np.einsum("njd,nd->j", G, u[:48])
    return np.linalg.solve(A + 1e-6 * np.trace(A) / len(A) * np.eye(len(A)), B)
def compare(batches):
    """The table: fitted parameters at three times, and at the middle one those of Phi = 0."""
    cases = [(0.5, "fitted"), (0.2, "fitted"), (0.9, "fitted"), (0.5, "zero")]
    out = {k: [] for k in ways}
    for t, state in cases:
        th = np.zeros(J + 1) if state == "zero" else fitted(t)
        for i, (k, way) in enumerate(ways.items()):
            g = np.array([way(t, th) for _ in range(batches if i else 4 * batches)]) / D
            var, m = g.var(0, ddof=1), g.mean(0)
            if i == 0: of_flow, ref, error = var, m, var / len(g)
            off = ((m - ref) ** 2 / (var / len(g) + error)).mean() if i else 1
            out[k].append((var / of_flow).mean())
            print(f"t {t} {state:6s} {k:30s} variance {out[k][-1]:10.2f}  off {off:6.2f}", flush=True)
    print("| way |", " | ".join(f"{s}, {t}" for t, s in cases))
    for k, v in out.items(): print("|", k, "|", " | ".join(f"{x:.2f}" for x in v))
def train(steps, t=0.5):
    """How far from the best drift trainings are after a quarter, a half and all of their steps: mean square, of what it is for Phi = 0."""
    global rng
    best = fitted(t); x = images(512); probe = At(t * x + (1 - t) * noise(x))
    off = lambda th: (probe.drift(th - best) ** 2).sum() / (probe.drift(best) ** 2).sum()
    scale = np.abs(best).mean()
    for start, th in (("zero", np.zeros(J + 1)), ("best", best)):
        for k in ("flow, independent", "common, 4 samples", "energy, mirrored, exact"):
            rng = np.random.default_rng(5); th_, avg, m, v, log = th.copy(), th.copy(), 0, 0, []
            for s in range(1, steps + 1):
                g = ways[k](t, th_) / D; m = 0.9 * m + 0.1 * g; v = 0.99 * v + 0.01 * g * g
                rate = 0.02 * scale * min(s / 100, 1) * (1 - 0.95 * s / steps)
                th_ = th_ - rate * (m / (1 - 0.9**s)) / (np.sqrt(v / (1 - 0.99**s)) + 1e-12)
                avg += (1 - min(0.995, (1 + s) / (10 + s))) * (th_ - avg)
                if s in (steps // 4, steps // 2, steps): log.append(off(avg))
            print(f"from {start:4s} {k:25s}", " ".join(f"{x:.4f}" for x in log), flush=True)
train(arguments.steps) if arguments.steps else compare(arguments.batches)
