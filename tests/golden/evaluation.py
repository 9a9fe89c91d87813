#!/usr/bin/env python3
"""Distances between two sets of features, from SciPy and by pytorch-fid's and torch-fidelity's formulas.

    pip install numpy scipy
    python3 evaluation.py evaluation.npz

Arrays: `a` (300, 6) and `b` (250, 6), float32 features; `mu_a`, `sigma_a`, `mu_b`, `sigma_b`, as pytorch-fid computes
them; `frechet` by scipy.linalg.sqrtm, and `singular`, that of the first five rows of each, with pytorch-fid's remedy
for a covariance without full rank; `mmd`, torch-fidelity's unbiased estimate between the first 250 rows; `x` and `y`,
numbers with ties, and SciPy's one-sided Mann-Whitney `u` and `p`.
"""
import sys
import numpy as np
from scipy import linalg, stats


def moments(features):
    features = features.astype(np.float64)
    return features.mean(axis=0), np.cov(features, rowvar=False)


def frechet(mu1, sigma1, mu2, sigma2, eps=1e-6):
    """pytorch-fid's calculate_frechet_distance"""
    covmean = linalg.sqrtm(sigma1.dot(sigma2))
    if not np.isfinite(covmean).all() or np.linalg.matrix_rank(sigma1) < len(sigma1):
        offset = np.eye(len(sigma1)) * eps
        covmean = linalg.sqrtm((sigma1 + offset).dot(sigma2 + offset))
    return (mu1 - mu2).dot(mu1 - mu2) + np.trace(sigma1) + np.trace(sigma2) - 2 * np.trace(covmean.real)


def mmd(x, y):
    """torch-fidelity's polynomial_mmd, degree 3, gamma 1/d, coef0 1"""
    x, y = x.astype(np.float64), y.astype(np.float64)
    kernel = lambda a, b: (a @ b.T / a.shape[1] + 1) ** 3
    m = len(x)
    within = sum(k.sum() - np.trace(k) for k in (kernel(x, x), kernel(y, y)))
    return within / (m * (m - 1)) - 2 * kernel(x, y).sum() / m ** 2


rng = np.random.default_rng(1)
mix = rng.normal(size=(6, 6))
a = (rng.normal(size=(300, 6)) @ mix).astype(np.float32)
b = (rng.normal(size=(250, 6)) ** 3 @ mix / 3 + 0.5).astype(np.float32)
(mu_a, sigma_a), (mu_b, sigma_b) = moments(a), moments(b)
x, y = rng.integers(0, 12, 40).astype(np.float64), rng.integers(2, 15, 60).astype(np.float64)
test = stats.mannwhitneyu(x, y, alternative="less", method="asymptotic")
out = {
    "a": a, "b": b, "mu_a": mu_a, "sigma_a": sigma_a, "mu_b": mu_b, "sigma_b": sigma_b,
    "frechet": frechet(mu_a, sigma_a, mu_b, sigma_b),
    "singular": frechet(*moments(a[:5]), *moments(b[:5])),
    "mmd": mmd(a[:250], b), "x": x, "y": y, "u": test.statistic, "p": test.pvalue,
}
np.savez(sys.argv[1], **out)
for name in ("frechet", "singular", "mmd", "u", "p"):
    print(name, out[name])
