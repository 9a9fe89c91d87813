#!/usr/bin/env python3
"""How well scores detect anomalies, from scikit-learn.

    pip install numpy scikit-learn
    python3 detection.py detection.npz

Arrays: `ties` and `floats`, float32 scores of labels `labels` (1 is an anomaly), the former with many ties; for each `NAME_auroc`,
`NAME_ap` (average precision) and `NAME_confusion`, the true negatives, false positives, false negatives and true positives
above the score `NAME_threshold`.
"""
import sys
import numpy as np
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score

rng = np.random.default_rng(1)
labels = (rng.random(200) < 0.15).astype(np.float64)
shifted = rng.normal(size=200) + 1.2 * labels
out = {"labels": labels}
for name, scores in (("ties", np.round(2 * shifted)), ("floats", shifted)):
    scores = scores.astype(np.float32)
    threshold = np.sort(scores)[170]
    out[name] = scores
    out[f"{name}_auroc"] = roc_auc_score(labels, scores)
    out[f"{name}_ap"] = average_precision_score(labels, scores)
    out[f"{name}_threshold"] = threshold
    out[f"{name}_confusion"] = confusion_matrix(labels, scores > threshold).ravel().astype(np.float64)
np.savez(sys.argv[1], **out)
for name, value in out.items():
    if np.size(value) <= 4:
        print(name, value)
