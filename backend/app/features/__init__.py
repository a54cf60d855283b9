"""Capabilities beyond the kernel, a folder each. The kernel imports none of them."""
