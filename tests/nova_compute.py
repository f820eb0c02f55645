"""What nova-compute does each period, with Nova's own code, for its own interpreter.

Usage: nova_compute.py CONFIG NODE UUID. Each line of stdin is a period; ``done`` answers it. In a
period ``busy`` cpus are reserved and freed, and an instance comes and goes, too. What its virtual
driver says of the node is Nova's fake one; all else is what runs in a cloud.
"""

import sys
from uuid import uuid4

import nova.monkey_patch  # noqa: F401  # before anything else, as nova-compute does
from nova import conf, context, exception, objects
from nova.scheduler.client.report import SchedulerReportClient
from nova.virt import fake

TRIES = 4
"""Of nova-compute in a period."""

_, config, node, uuid = sys.argv
conf.CONF(["--config-file", config], project="nova")
objects.register_all()
driver = fake.FakeDriver(None)
driver._set_nodes([node])
driver.vcpus, driver.memory_mb = 64, 262_144
client = SchedulerReportClient()


def report(admin: context.RequestContext, reserved: int) -> None:
    """Write what the node has."""
    conf.CONF.set_override("reserved_host_cpus", reserved)
    for _ in range(TRIES):
        try:
            reported(admin)
        except exception.ResourceProviderUpdateConflict:
            continue  # somebody else wrote meanwhile
        return


def reported(admin: context.RequestContext) -> None:
    """Write it once."""
    client.clear_provider_cache()  # as it does by itself every five minutes
    tree = client.get_provider_tree_and_ensure_root(admin, uuid, name=node)
    driver.update_provider_tree(tree, node)
    client.update_from_provider_tree(admin, tree)


for line in sys.stdin:
    admin = context.get_admin_context()
    if line.strip() == "busy":
        report(admin, 2)
        instance = str(uuid4())
        resources = {"resources": {"VCPU": 1, "MEMORY_MB": 512}}
        asked = {"allocations": {uuid: resources}, "mappings": {"": [uuid]}}
        client.claim_resources(admin, instance, asked, "p", "u", "1.36")
        client.delete_allocation_for_instance(admin, instance, force=True)
    report(admin, 0)
    print("done", flush=True)  # noqa: T201  # to whoever started it
