"""The procedures on images, one file each; lists and statuses are answered by the view."""
