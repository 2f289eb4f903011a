"""Trains the demo network on the drawings of draw.py and writes the demo's files.

    python train.py             about eight minutes on one core

It writes network.onnx, calibration_images.npy, calibration_labels.npy,
evaluation_images.npy, evaluation_labels.npy and classes.txt beside this file.

The images that it trains on, those for calibration and those for evaluation
have different seeds. requirements.txt holds the versions it was run with.
"""

from pathlib import Path
import time

import numpy as np
import onnx
import torch
from torch import nn
import torch.nn.functional as F

from draw import SIZE, draw_set
from shapes import CLASSES

FOLDER = Path(__file__).parent
MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)
TRAINING_IMAGES = 19200
CALIBRATION_IMAGES = 64
EVALUATION_IMAGES = 400
EPOCHS = 24
BATCH = 64
RANGE_SPREAD = 1.75


def normalized_convolution(inputs, outputs, kernel, stride=1, groups=1):
    """A convolution without bias and its BatchNormalization."""
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3),
    ]


class InvertedResidual(nn.Module):
    """MobileNetV2's block: 1x1 expansion, 3x3 depthwise, linear 1x1 projection."""

    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            *normalized_convolution(inputs, hidden, 1), nn.ReLU(),
            *normalized_convolution(hidden, hidden, 3, stride, hidden), nn.ReLU(),
            *normalized_convolution(hidden, outputs, 1),
        )

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


class Network(nn.Module):
    """A MobileNetV2 with ReLU in place of ReLU6, made for small images."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(*normalized_convolution(3, 16, 3, 2), nn.ReLU())
        self.blocks = nn.Sequential(
            InvertedResidual(16, 16, 1, 2),
            InvertedResidual(16, 24, 2, 4),
            InvertedResidual(24, 24, 1, 4),
            InvertedResidual(24, 32, 2, 4),
            InvertedResidual(32, 32, 1, 4),
            InvertedResidual(32, 48, 2, 4),
            InvertedResidual(48, 48, 1, 4),
        )
        self.head = nn.Sequential(*normalized_convolution(48, 128, 1), nn.ReLU())
        self.classifier = nn.Linear(128, len(CLASSES))

    def forward(self, x):
        x = self.head(self.blocks(self.stem(x)))
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


def to_input(images):
    """Normalised float32 [N, 3, SIZE, SIZE] of uint8 [N, SIZE, SIZE, 3]."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    return (x - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def augment(x, generator):
    """Mirrors, shifts by at most 4 pixels and recolours a batch by swapping and scaling channels."""
    if torch.rand((), generator=generator) < 0.5:
        x = x.flip(3)
    down, right = torch.randint(0, 9, (2,), generator=generator).tolist()
    x = F.pad(x, (4, 4, 4, 4), mode="replicate")[:, :, down:down + SIZE, right:right + SIZE]
    order = torch.randperm(3, generator=generator)
    x = x[:, order].contiguous(memory_format=torch.channels_last)
    return x * (0.8 + 0.4 * torch.rand((x.shape[0], 3, 1, 1), generator=generator))


def accuracy(network, images, labels):
    """Share of images whose greatest logit is at the label."""
    network.eval()
    with torch.no_grad():
        logits = torch.cat([network(to_input(part)) for part in np.array_split(images, 8)])
    return float((logits.argmax(1).numpy() == labels).mean())


def parameter_groups(network, decay):
    """Weight decay for 1x1 convolutions and the classifier only."""
    decayed, free = [], []
    for parameter in network.parameters():
        dense = parameter.dim() >= 2 and parameter.shape[1] > 1
        (decayed if dense else free).append(parameter)
    return [{"params": decayed, "weight_decay": decay}, {"params": free, "weight_decay": 0.0}]


def train(network, images, labels):
    """Stochastic gradient descent with one warm-up epoch and a cosine schedule."""
    generator = torch.Generator().manual_seed(3)
    x, y = torch.from_numpy(images), torch.from_numpy(labels).long()
    steps = EPOCHS * (len(images) // BATCH)
    optimizer = torch.optim.SGD(parameter_groups(network, 1e-4), lr=0.15, momentum=0.9, nesterov=True)
    warm = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / warm, 0.5 + 0.5 * np.cos(np.pi * step / steps)),
    )
    for epoch in range(EPOCHS):
        network.train()
        start, total = time.time(), 0.0
        order = torch.randperm(len(images), generator=generator)
        for part in order.split(BATCH):
            if len(part) < BATCH:
                continue
            logits = network(augment(to_input(x[part].numpy()), generator))
            loss = F.cross_entropy(logits, y[part], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(part)
        print(f"epoch {epoch + 1}: loss {total / len(images):.3f}, {time.time() - start:.0f} s", flush=True)


def spread_ranges(network, exponent, seed):
    """Spreads the channels' ranges in each block without changing the function.

    A channel between two convolutions of a block is multiplied by a random
    factor between 2^-exponent and 2^exponent, in the scale and shift of its
    BatchNormalization, and divided by it again in the next convolution's
    weights. That is exact up to rounding because ReLU(s x) = s ReLU(x) for
    s > 0: the inverse of cross-layer equalisation. Networks trained for long on
    many images get uneven ranges by themselves; this one does not.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for block in network.blocks:
            depthwise, projection = block.layers[3], block.layers[6]
            for normalization, following in ((block.layers[1], depthwise), (block.layers[4], projection)):
                factor = 2 ** (exponent * (2 * torch.rand(normalization.num_features, generator=generator) - 1))
                normalization.weight *= factor
                normalization.bias *= factor
                axis = 0 if following is depthwise else 1
                following.weight /= factor.view([-1 if i == axis else 1 for i in range(4)])


def export(network, path):
    """Writes ONNX opset 17 with BatchNormalization left as nodes of its own."""
    network.eval()
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, SIZE, SIZE),),
        str(path),
        dynamo=False,
        opset_version=17,
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        input_names=["input"],
        output_names=["logits"],
        dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}},
    )
    model = onnx.load(path)
    onnx.checker.check_model(model)
    normalizations = sum(node.op_type == "BatchNormalization" for node in model.graph.node)
    assert normalizations == sum(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    print(f"{path.name}: {path.stat().st_size} bytes, {normalizations} BatchNormalization nodes")


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    start = time.time()
    images, labels = draw_set(TRAINING_IMAGES, 1)
    print(f"{len(images)} images drawn in {time.time() - start:.0f} s", flush=True)
    network = Network().to(memory_format=torch.channels_last)
    print(f"{sum(p.numel() for p in network.parameters())} parameters")
    train(network, images, labels)
    print(f"training images: {accuracy(network, images[:3200], labels[:3200]):.4f} top-1")
    spread_ranges(network, RANGE_SPREAD, 4)
    for name, count, seed in (("calibration", CALIBRATION_IMAGES, 2), ("evaluation", EVALUATION_IMAGES, 3)):
        images, labels = draw_set(count, seed)
        np.save(FOLDER / f"{name}_images.npy", images)
        np.save(FOLDER / f"{name}_labels.npy", labels)
        print(f"{name} images: {accuracy(network, images, labels):.4f} top-1")
    (FOLDER / "classes.txt").write_text("".join(f"{name}\n" for name, _ in CLASSES))
    export(network, FOLDER / "network.onnx")


if __name__ == "__main__":
    main()
