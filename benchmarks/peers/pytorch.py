#!/usr/bin/python3
"""Times steps of training caffenet with PyTorch: forward, backward, and SGD with momentum and weight decay, in float32.

    benchmarks/peers/pytorch.py [--batch N] [--steps N] [--threads N] [--channels-last]

Prints one JSON object; images/s are those of the median step. One step that is not timed comes first. Needs torch and
numpy (Debian: python3-torch, python3-numpy); a batch of 128 takes about 2.2 GB. Before anything is timed, the network's
logits are compared with fixtures/golden/variants/caffenet.safetensors.
"""

import argparse
import collections
import datetime
import json
import math
import pathlib
import platform
import resource
import statistics
import sys
import time

import numpy as np
import torch
from torch import nn

sys.dont_write_bytecode = True

FIXTURES = pathlib.Path(__file__).parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))

from golden.maker.container import unpack
from golden.maker.seeded import seeded_input, seeded_parameters

ALLOWED = 1e-4
# small, so that the seeded weights, which are not meant for training, keep giving finite numbers
RATE = 1e-9


def caffenet():
    """As lib/network/variants.ts has it, of PyTorch's own modules."""

    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    def norm():
        return nn.LocalResponseNorm(5, 1e-4, 0.75, 1)

    return nn.Sequential(
        collections.OrderedDict(
            conv1=nn.Conv2d(3, 96, 11, stride=4),
            relu1=nn.ReLU(inplace=True),
            pool1=pool(),
            norm1=norm(),
            conv2=nn.Conv2d(96, 256, 5, padding=2, groups=2),
            relu2=nn.ReLU(inplace=True),
            pool2=pool(),
            norm2=norm(),
            conv3=nn.Conv2d(256, 384, 3, padding=1),
            relu3=nn.ReLU(inplace=True),
            conv4=nn.Conv2d(384, 384, 3, padding=1, groups=2),
            relu4=nn.ReLU(inplace=True),
            conv5=nn.Conv2d(384, 256, 3, padding=1, groups=2),
            relu5=nn.ReLU(inplace=True),
            pool5=pool(),
            flatten=nn.Flatten(),
            fc6=nn.Linear(9216, 4096),
            relu6=nn.ReLU(inplace=True),
            drop6=nn.Dropout(0.5),
            fc7=nn.Linear(4096, 4096),
            relu7=nn.ReLU(inplace=True),
            drop7=nn.Dropout(0.5),
            fc8=nn.Linear(4096, 1000),
        )
    )


def load_seeded(model):
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    model.load_state_dict({name: torch.from_numpy(array) for name, array in seeded_parameters(shapes).items()})


@torch.no_grad()
def check(model):
    """That it computes what the golden file has."""
    _, golden = unpack((FIXTURES / "golden/variants/caffenet.safetensors").read_bytes())
    expected = golden["output"]
    logits = model.eval()(torch.from_numpy(seeded_input([len(expected), 3, 227, 227]))).numpy()
    difference = np.abs(logits - expected).max() / np.abs(expected).max()
    if not difference <= ALLOWED:
        raise SystemExit(f"the logits differ from the golden file by {difference} of the largest; allowed is {ALLOWED}")


def optimiser_of(model):
    """The paper's momentum and decay; biases at twice the rate, without decay."""
    named = list(model.named_parameters())
    weights = [tensor for name, tensor in named if name.endswith(".weight")]
    biases = [tensor for name, tensor in named if name.endswith(".bias")]
    groups = [{"params": weights, "weight_decay": 5e-4}, {"params": biases, "weight_decay": 0, "lr": 2 * RATE}]
    return torch.optim.SGD(groups, lr=RATE, momentum=0.9)


def seconds_of_steps(model, batch, steps, memory_format):
    images = torch.from_numpy(seeded_input([batch, 3, 227, 227])).contiguous(memory_format=memory_format)
    labels = torch.arange(batch) * 7 % 1000
    optimiser = optimiser_of(model)
    loss_of = nn.CrossEntropyLoss()
    model.train()
    seconds = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(model(images), labels)
        loss.backward()
        optimiser.step()
        seconds.append(time.perf_counter() - start)
        if not math.isfinite(loss.item()):
            raise SystemExit(f"the loss is {loss.item()}: what was timed is no training")
    return seconds[1:]


def processor():
    """Its name on Linux, else the kind of machine."""
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except FileNotFoundError:
        pass
    return platform.machine()


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} must be 1 or more")
    return value


def main():
    parser = argparse.ArgumentParser(description="Times steps of training caffenet with PyTorch.")
    parser.add_argument("--batch", type=positive, default=128, help="images of a step (128)")
    parser.add_argument("--steps", type=positive, default=3, help="steps that are timed (3)")
    parser.add_argument("--threads", type=positive, default=2, help="threads of an operation (2)")
    parser.add_argument("--channels-last", action="store_true", help="images and weights with channels last in memory")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    memory_format = torch.channels_last if options.channels_last else torch.contiguous_format
    model = caffenet()
    load_seeded(model)
    model = model.to(memory_format=memory_format)
    check(model)
    seconds = seconds_of_steps(model, options.batch, options.steps, memory_format)
    median = statistics.median(seconds)
    result = {
        "name": f"torch {torch.__version__}",
        "network": "caffenet",
        "batch": options.batch,
        "threads": torch.get_num_threads(),
        "channelsLast": options.channels_last,
        "oneDNN": torch.backends.mkldnn.is_available(),
        "processor": processor(),
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
        "milliseconds": [round(each * 1000, 1) for each in seconds],
        "imagesPerSecond": {
            "median": round(options.batch / median, 2),
            "min": round(options.batch / max(seconds), 2),
            "max": round(options.batch / min(seconds), 2),
        },
        # kilobytes, on Linux
        "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
