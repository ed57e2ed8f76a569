"""Audio in memory and the pure functions over it."""
