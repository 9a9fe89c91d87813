#!/usr/bin/env python3
"""Training steps of this project and of its PyTorch peer in turn, and the ratio of their medians.

    cargo build --release -p vapo-train --example training_speed
    python3 compare_speed.py [--rounds 5] [--seconds 6] [--threads 2]

Same networks, same batches, and the same work: noise, loss, exact gradient, clipping, Adam, moving average, on random
images. Memory is the largest resident size of either process.
"""
import argparse, pathlib, re, statistics, subprocess, sys

HERE = pathlib.Path(__file__).parent
# Preset and images a step.
NETWORKS = [("peer-16", 64), ("peer-8", 64), ("digits", 128)]


def measure(command):
    """Images per second, and megabytes at most"""
    out = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"([\d.]+) images/s", out)[1]), float(re.search(r"peak ([\d.]+) MB", out)[1])


def main():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--rounds", type=int, default=5)
    top.add_argument("--seconds", type=float, default=6)
    top.add_argument("--threads", type=int, default=2)
    a = top.parse_args()
    for preset, batch in NETWORKS:
        ours = [HERE / "../../target/release/examples/training_speed", preset, a.threads, a.seconds, "adam"]
        peer = [sys.executable, HERE / "torch_peer.py", "bench", "--preset", preset, "--batch", batch, "--threads",
                a.threads, "--seconds", a.seconds]
        found = {"ours": [], "peer": []}
        for _ in range(a.rounds):
            found["ours"].append(measure(ours))
            found["peer"].append(measure(peer))
        print(f"{preset}, batch {batch}, {a.threads} threads")
        for name, pairs in found.items():
            rates, peaks = zip(*pairs)
            print(f"  {name}: {', '.join(f'{rate:.0f}' for rate in rates)} images/s, "
                  f"median {statistics.median(rates):.0f}, peak {max(peaks):.0f} MB")
        ours, peer = (statistics.median(rate for rate, _ in found[name]) for name in ("ours", "peer"))
        print(f"  ratio of the medians: {ours / peer:.2f}", flush=True)


main()
