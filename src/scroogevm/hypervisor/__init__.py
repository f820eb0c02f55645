"""libvirt and the kernel, asked so that nothing they do can hold the asker up."""
