"""Services and servers that only measurements need, each a process of its own."""
