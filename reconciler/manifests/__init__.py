"""Text becomes manifests; live objects become text."""
