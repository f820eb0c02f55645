"""Metric names that several libvirt exporters have in common."""

from scroogevm.telemetry.dialect import MIB, Meaning, Table

NODE: Table = {"libvirt_up": (Meaning("vms_up"),)}

VM: Table = {
    "libvirt_domain_state_code": (Meaning("state"),),
    "libvirt_domain_info_state": (Meaning("state"),),
    "libvirt_domain_info_vstate": (Meaning("state"),),
    "libvirt_domain_info_virtual_cpus": (Meaning("vcpus"),),
    "libvirt_domain_info_memory_usage_bytes": (Meaning("mem_current", MIB),),
    "libvirt_domain_info_maximum_memory_bytes": (Meaning("mem_maximum", MIB),),
    "libvirt_domain_info_cpu_time_seconds_total": (Meaning("cpu_time"),),
    "libvirt_domain_memory_stats_rss_bytes": (Meaning("rss", MIB),),
    "libvirt_domain_memory_stats_available_bytes": (Meaning("guest_total", MIB),),
    "libvirt_domain_memory_stats_usable_bytes": (Meaning("guest_usable", MIB),),
    "libvirt_domain_memory_stats_unused_bytes": (Meaning("guest_unused", MIB),),
    "libvirt_domain_memory_stats_last_update_timestamp_seconds": (Meaning("guest_time"),),
    "libvirt_domain_memory_stats_minor_fault_total": (Meaning("page_faults"),),
    "libvirt_domain_memory_stats_major_fault_total": (Meaning("major_faults"),),
    "libvirt_domain_memory_stats_swap_in_bytes": (Meaning("swap_in", MIB),),
    "libvirt_domain_memory_stats_swap_out_bytes": (Meaning("swap_out", MIB),),
    "libvirt_domain_vcpu_delay_seconds_total": (Meaning("delay_time"),),
}
