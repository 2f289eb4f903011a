"""How near a network's outputs come to the float network's, with standard errors, as `deno task evaluate --json` tells
it. Shares are 0 to 1."""

import numpy as np


def softmax_logarithms(logits):
    """Logarithms of the softmax of each row."""
    logits = logits.astype(float)
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def estimate(values):
    """Mean of values over samples and its standard error."""
    return {"mean": float(values.mean()), "standardError": float(values.std(ddof=1) / np.sqrt(len(values)))}


def ranks_of(logits, labels):
    """Number of classes before each image's label; equal scores go by index."""
    own = logits[np.arange(len(labels)), labels][:, None]
    earlier = np.arange(logits.shape[1])[None] < labels[:, None]
    return ((logits > own) | ((logits == own) & earlier)).sum(axis=1)


def sqnr(exact, logits):
    """SQNR over all samples in dB, and its standard error by the delta method on the ratio of two mean energies."""
    signal = (exact.astype(float) ** 2).sum(axis=1)
    noise = ((exact.astype(float) - logits.astype(float)) ** 2).sum(axis=1)
    error = estimate(signal / signal.mean() - noise / noise.mean())["standardError"]
    return {"mean": float(10 * np.log10(signal.mean() / noise.mean())), "standardError": 10 / np.log(10) * error}


def measures_of(exact, logits, labels):
    """All figures of a network. exact: the float network's logits, [N, classes], as logits."""
    one, other = softmax_logarithms(exact), softmax_logarithms(logits)
    right, exact_right = ranks_of(logits, labels) < 1, ranks_of(exact, labels) < 1
    return {
        "divergence": estimate((np.exp(one) * (one - other)).sum(axis=1)),
        "sqnr": sqnr(exact, logits),
        "same": estimate((exact.argmax(axis=1) == logits.argmax(axis=1)).astype(float)),
        "top1": float(right.mean()),
        "difference": estimate(right.astype(float) - exact_right),
    }
