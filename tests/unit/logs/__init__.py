"""The logs room, on files that are written as Docker and the kubelet write them."""
