"""How near a network's outputs come to the float network's, with standard errors, as `deno task compare` tells it."""

import numpy as np


def softmax_logarithms(logits):
    """Logarithms of the softmax of each row."""
    logits = logits.astype(float)
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def with_error(values):
    """Mean of values over samples and its standard error."""
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


def ranks_of(logits, labels):
    """Number of classes before each image's label; equal scores go by index."""
    own = logits[np.arange(len(labels)), labels][:, None]
    earlier = np.arange(logits.shape[1])[None] < labels[:, None]
    return ((logits > own) | ((logits == own) & earlier)).sum(axis=1)


def sqnr_with_error(exact, logits):
    """SQNR over all samples in dB, and its standard error by the delta method on the ratio of two mean energies."""
    signal = (exact.astype(float) ** 2).sum(axis=1)
    noise = ((exact.astype(float) - logits.astype(float)) ** 2).sum(axis=1)
    share = with_error(signal / signal.mean() - noise / noise.mean())[1]
    return 10 * np.log10(signal.mean() / noise.mean()), 10 / np.log(10) * share


HEAD = f"{'KL':>17}  {'SQNR dB':>10}  {'same %':>11}  {'top-1 %':>7}  {'less float':>11}  {'s':>5}  method"


def row(name, exact, logits, labels, seconds):
    """A line of the table. exact: the float network's logits, [N, classes]; seconds: time that quantising took."""
    one, other = softmax_logarithms(exact), softmax_logarithms(logits)
    divergence, divergence_error = with_error((np.exp(one) * (one - other)).sum(axis=1))
    same, same_error = with_error(100.0 * (exact.argmax(axis=1) == logits.argmax(axis=1)))
    sqnr, sqnr_error = sqnr_with_error(exact, logits)
    right, exact_right = ranks_of(logits, labels) < 1, ranks_of(exact, labels) < 1
    gain, gain_error = with_error(100.0 * (right.astype(float) - exact_right))
    return divergence, (
        f"{divergence:.5f} ± {divergence_error:.5f}  {f'{sqnr:.1f} ± {sqnr_error:.1f}':>10}  "
        f"{f'{same:.1f} ± {same_error:.1f}':>11}  {100 * right.mean():7.2f}  {f'{gain:+.1f} ± {gain_error:.1f}':>11}  "
        f"{seconds:5.0f}  {name}"
    )
