"""Terraform's state in, manifests out: the way out of the vendor's providers."""
