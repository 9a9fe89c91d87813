#!/usr/bin/env python3
"""Training steps of this project and of its PyTorch peer in turn, and the ratio of their medians.

    cargo build --release -p vapo-train --example training_speed
    python3 compare_speed.py --data DIR [--rounds 5] [--seconds 6] [--threads 2]

Same network (preset `peer-16`, width 16), batch 64, and the same work: noise, loss, exact gradient, clipping, Adam,
moving average. DIR holds train-images-idx3-ubyte.gz of Fashion-MNIST, for the peer; the values of images do not matter.
"""
import argparse, pathlib, re, statistics, subprocess, sys

HERE = pathlib.Path(__file__).parent


def rate(command):
    out = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"([\d.]+) (?:images|samples)/s", out)[1])


def main():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--data", required=True)
    top.add_argument("--rounds", type=int, default=5)
    top.add_argument("--seconds", type=float, default=6)
    top.add_argument("--threads", type=int, default=2)
    a = top.parse_args()
    ours = [HERE / "../../target/release/examples/training_speed", "peer-16", a.threads, a.seconds]
    peer = [sys.executable, HERE / "torch_peer.py", "bench", "--data", a.data, "--width", 16, "--threads", a.threads,
            "--seconds", a.seconds]
    rates = {"ours": [], "peer": []}
    for _ in range(a.rounds):
        rates["ours"].append(rate(ours))
        rates["peer"].append(rate(peer))
    for name, values in rates.items():
        print(f"{name}: {', '.join(f'{value:.0f}' for value in values)} images/s, median {statistics.median(values):.0f}")
    print(f"ratio of the medians: {statistics.median(rates['ours']) / statistics.median(rates['peer']):.2f}")


main()
