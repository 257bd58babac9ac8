"""Which functions of an application a call can reach, from its source alone: nothing is run."""
