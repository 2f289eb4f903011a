"""The table of docs/accuracy.md of rows that peers.py measured."""

COLUMNS = ("method", "KL", "SQNR, dB", "same, %", "top-1, %", "less float", "CPU, s", "wall, s")


def with_error(value, factor, digits):
    if value is None:
        return "–"
    mean, error = value["mean"] * factor, value["standardError"]
    text = f"{mean:.{digits}f}" if error is None else f"{mean:.{digits}f} ± {error * factor:.{digits}f}"
    return text.replace("-", "−")


def cells_of(row):
    divergence = row["divergence"]
    difference = with_error(row["difference"], 100, 1)
    return (
        row["method"],
        with_error(divergence, 1, 5 if divergence["mean"] < 0.01 else 4 if divergence["mean"] < 1 else 2),
        with_error(row["sqnr"], 1, 1),
        with_error(row["same"], 100, 1),
        f"{100 * row['top1']:.1f}",
        f"+{difference}" if row["difference"]["mean"] > 0.0005 else difference,
        f"{row['cpuSeconds']:.0f}",
        f"{row['seconds']:.0f}",
    )


def table_of(rows):
    """Rows in Markdown, nearest to the float network first."""
    lines = [COLUMNS, *(cells_of(row) for row in sorted(rows, key=lambda row: row["divergence"]["mean"]))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    texts = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    return "\n".join([texts[0], "| " + " | ".join("-" * width for width in widths) + " |", *texts[1:]])
