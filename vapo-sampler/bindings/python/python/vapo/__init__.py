"""Generative models for microcontrollers, on a computer: draw, restore and judge, with the bytes of a device.

| module | concept |
|---|---|
| `vapo.model` | a model file: `load`, `Model` |
| `vapo.monitor` | a series watched reading by reading: `Monitor`, `ThresholdLearner` |
| `vapo.plan` | what a device takes for a model: `Plan` |
| `vapo.pixels` | values and the bytes of pictures: `to_bytes`, `from_bytes` |
| `vapo.run` | the folder of a training: `Run`, `Checkpoint` |
| `vapo.torch` | the network as a `torch.nn.Module`; imported by itself, as it needs PyTorch |

Samples are arrays of NumPy. Their shape is `Model.shape`: (height, width, channels), of a series (readings, channels).
"""

from vapo.model import Classified, Classifier, Model, Threshold, Verdicts, load
from vapo.monitor import Explanation, Monitor, ThresholdLearner, Verdict
from vapo.pixels import from_bytes, to_bytes
from vapo.plan import Buffer, Plan
from vapo.run import Checkpoint, Run, Snapshot

__all__ = [
    "Buffer",
    "Checkpoint",
    "Classified",
    "Classifier",
    "Explanation",
    "Model",
    "Monitor",
    "Plan",
    "Run",
    "Snapshot",
    "Threshold",
    "ThresholdLearner",
    "Verdict",
    "Verdicts",
    "from_bytes",
    "load",
    "to_bytes",
]
