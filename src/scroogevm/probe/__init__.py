"""What runs on a worker node: reads libvirt and the kernel, shows what it read."""
