"""All that has to pass before a change lands, in parts, two of them at once where that is safe."""
