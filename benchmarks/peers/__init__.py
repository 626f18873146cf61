"""What the daemon is compared with: each a process of its own, written the way that its libraries suggest."""
