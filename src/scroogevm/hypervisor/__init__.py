"""Reads libvirt and the kernel; a call that hangs does not block the caller."""
