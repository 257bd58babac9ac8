"""The requests of the page: each is read, answered by one call of a workflow, and rendered, as a command is."""
