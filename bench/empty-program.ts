// The reference for the time to start: Node, the loader, and nothing else.
export {}
