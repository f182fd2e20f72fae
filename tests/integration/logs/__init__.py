"""Container logs on a real engine: the writers alone, driven as the shim drives them."""
