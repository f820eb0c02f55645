"""The probe of a worker node: reads libvirt and the kernel, and serves the values."""
