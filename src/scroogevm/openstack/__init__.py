"""Writes offers as allocation ratios to OpenStack's Placement, with checks, plan and journal."""
