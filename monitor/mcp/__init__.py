"""`monitor mcp`: the reading commands as tools of the Model Context Protocol."""
