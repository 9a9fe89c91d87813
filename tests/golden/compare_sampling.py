#!/usr/bin/env python3
"""The sampling of this project and of PyTorch in turn, with the same weights, and the ratio of their rates.

    cargo build --release -p vapo-train
    pip install torch numpy
    python3 compare_sampling.py [--rounds 5] [--seconds 6] [--threads 2] [MODEL.vapo ...]

For each model (int8, float32 or integer; int8 `digits` and `small` of the firmware unless given): whether both draw the same
pictures, then rates by two-step Adams-Bashforth of 20 evaluations. A model of float arithmetic is calibrated for integers
too. Start-up is left out: that of PyTorch is over when its clock begins, and ours is subtracted, by runs of two counts.
PyTorch (`torch_sampler.py`) has its best of layouts, batches, and one process of all threads or one of one thread each.
Images per second of the clock are what counts. Where other programs run, images per second of processor time are fairer.
"""
import argparse, itertools, pathlib, re, resource, statistics, subprocess, sys, tempfile, time
import numpy as np
import model_file, torch_sampler

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE / "../../vapo-sampler/firmware/models"
STEPS, FEW, PICTURES = 20, 16, 64
# Least cosine of any picture with PyTorch's of the same noise, and of the middle one: floats differ in the order of sums,
# integers are rounded.
LEAST_COSINES = {"float": (0.9999, 0.99999), "integer": (0.98, 0.9995)}


class Peers:
    """Processes of torch_sampler.py, which wait for work"""

    def __init__(self, model, count):
        command = [sys.executable, HERE / "torch_sampler.py", model]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.processes = [subprocess.Popen(command, **pipes) for _ in range(count)]

    def draw(self, way, seconds):
        """Images per second and per processor second, of all processes that a way has"""
        layout, batch, processes, threads = way
        for process in self.processes[:processes]:
            print(layout, batch, threads, STEPS, seconds, file=process.stdin, flush=True)
        answers = [tuple(map(float, process.stdout.readline().split())) for process in self.processes[:processes]]
        return sum(n / wall for n, wall, _ in answers), sum(n for n, _, _ in answers) / sum(cpu for _, _, cpu in answers)

    def best(self, a):
        """The way of the most images per second"""
        found = {}
        for layout, batch, processes in itertools.product(a.layouts, a.batches, a.processes or sorted({1, a.threads})):
            way = layout, batch, processes, a.threads // processes
            clock, processor = found[way] = self.draw(way, a.seconds / 4)
            print(f"  PyTorch {name_of(way)}: {clock:.0f} images/s, {processor:.0f} a processor second", flush=True)
        return max(found, key=lambda way: found[way][0])

    def end(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()


def name_of(way):
    layout, batch, processes, threads = way
    return f"{layout}, batch {batch}, {processes} x {threads} threads"


def draw(train, model, count, threads, out):
    """Seconds and processor seconds of `count` images"""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [train, "sample", "--model", model, "--count", count, "--threads", threads, "--steps", STEPS,
               "--solver", "ab2", "--out", out, "--force"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rates(train, model, count, threads, out):
    """Images per second and per processor second, start-up subtracted"""
    few, many = draw(train, model, FEW, threads, out), draw(train, model, count, threads, out)
    return tuple((count - FEW) / (long - short) for short, long in zip(few, many))


def compare_pictures(train, model, arithmetic, nodes, threads, out):
    """Ends the program where pictures of the same noise differ from PyTorch's"""
    draw(train, model, PICTURES, threads, out)
    theirs = torch_sampler.Sampler(nodes).sample(torch_sampler.noise(0, PICTURES, nodes[0].extent), STEPS)
    theirs = theirs.permute(0, 2, 3, 1).reshape(PICTURES, -1).double().numpy()
    pairs = zip(np.load(out).reshape(PICTURES, -1).astype(np.float64), theirs)
    cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs]
    found, least = (min(cosines), statistics.median(cosines)), LEAST_COSINES[arithmetic]
    print(f"  {arithmetic} and PyTorch, {PICTURES} pictures of the same noise: cosine {found[0]:.6f} at least, "
          f"median {found[1]:.6f}", flush=True)
    if not all(cosine >= limit for cosine, limit in zip(found, least)):
        sys.exit(f"{model}: expected cosines of at least {least[0]}, median {least[1]}: these are not the same pictures")


def compare(model, folder, a):
    nodes, encoding = model_file.read(model)
    files = {"integer" if encoding in model_file.INTEGERS else "float": model}
    if encoding not in model_file.INTEGERS:
        files["integer"] = folder / f"{model.stem}-integer.vapo"
        subprocess.run([a.train, "calibrate", "--model", model, "--drop-threshold", "--out", files["integer"]], check=True,
                       capture_output=True)
    out = folder / "pictures.npy"
    print(f"{model.name}: {' x '.join(map(str, nodes[0].extent))}, {STEPS} evaluations, {a.threads} threads", flush=True)
    for arithmetic, file in files.items():
        compare_pictures(a.train, file, arithmetic, nodes, a.threads, out)
    peers = Peers(model, a.threads)
    way = peers.best(a)
    found, counts = {name: [] for name in files}, {}
    for name, file in files.items():
        rate, _ = rates(a.train, file, 512, a.threads, out)
        counts[name] = max(2 * FEW, int(rate * a.seconds))
    for _ in range(a.rounds):
        for name, file in files.items():
            found[name].append((rates(a.train, file, counts[name], a.threads, out), peers.draw(way, a.seconds)))
    peers.end()
    print(f"  PyTorch's best: {name_of(way)}")
    for name, pairs in found.items():
        for which, unit in enumerate(("second", "processor second")):
            mine, theirs = [own[which] for own, _ in pairs], [peer[which] for _, peer in pairs]
            ratios = [x / y for x, y in zip(mine, theirs)]
            print(f"  {name}, images a {unit}: {listed(mine)}; PyTorch {listed(theirs)}; "
                  f"ratio {min(ratios):.2f} to {max(ratios):.2f}, median {statistics.median(ratios):.2f}", flush=True)


def listed(rates):
    return f"{', '.join(f'{rate:.0f}' for rate in rates)}, median {statistics.median(rates):.0f}"


def main():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("models", nargs="*", type=pathlib.Path, default=[MODELS / "digits-int8.vapo", MODELS / "fashion-int8.vapo"])
    top.add_argument("--rounds", type=int, default=5)
    top.add_argument("--seconds", type=float, default=6)
    top.add_argument("--threads", type=int, default=2)
    top.add_argument("--train", type=pathlib.Path, default=HERE / "../../target/release/vapo-train")
    top.add_argument("--batches", nargs="+", type=int, default=[1, 4, 16, 64, 256, 1024])
    top.add_argument("--processes", nargs="+", type=int, help="of PyTorch, which share the threads: 1, and one a thread")
    top.add_argument("--layouts", nargs="+", default=["contiguous", "channels_last"], help="also `compiled`")
    a = top.parse_args()
    named = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(named[1] if named else "processor unknown", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for model in a.models:
            compare(model, pathlib.Path(folder), a)


main()
