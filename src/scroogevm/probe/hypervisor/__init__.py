"""What libvirt says of its VMs, whatever happens to it or to one of them."""
