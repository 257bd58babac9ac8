"""The embedded Lambda: functions, their code, their execution environments."""
