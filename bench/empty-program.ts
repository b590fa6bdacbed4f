// The reference for the start time: Node and the loader alone.
export {}
