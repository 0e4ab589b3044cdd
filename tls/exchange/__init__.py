"""Key exchanges, a file each."""
