"""A handler on igraph."""

import igraph


def handler(event, context):
    size = event.get("size", 200)
    graph = igraph.Graph.Tree(size, 3)
    order, starts, _parents = graph.bfs(0)
    return {"visited": len(order), "layers": len(starts) - 1, "last": order[-1]}
