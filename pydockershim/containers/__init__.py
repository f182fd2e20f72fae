"""The procedures on a pod's containers, one file each; what they work with is `ContainerDeps`."""
