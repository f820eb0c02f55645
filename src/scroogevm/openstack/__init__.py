"""Offers become allocation ratios in OpenStack's Placement: checked, planned, journalled."""
