"""The procedures on a pod's containers, one file each; all take `ContainerDeps`."""
