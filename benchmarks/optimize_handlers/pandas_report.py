"""A handler on pandas."""

import numpy as np
import pandas as pd


def handler(event, context):
    frame = pd.DataFrame({"group": ["a", "b", "a", "c"], "value": np.arange(4)})
    sums = frame.groupby("group")["value"].sum()
    return {"sums": {key: int(value) for key, value in sums.items()}, "mean": float(frame["value"].mean())}
