"""A handler on lightgbm."""

import lightgbm
import numpy as np

DATA = np.random.RandomState(0).rand(50, 4)


def handler(event, context):
    parameters = {"objective": "regression", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 2}
    train = lightgbm.Dataset(DATA, label=DATA[:, 0], params=parameters)
    booster = lightgbm.train(parameters, train, 3)
    return {"prediction": [round(float(one), 6) for one in booster.predict(DATA[:2])]}
