"""The procedures on images, one file each; lists and statuses come from the view."""
