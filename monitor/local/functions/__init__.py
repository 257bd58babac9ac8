"""Lambda in the embedded stack: functions, their code, their execution environments."""
