"""Files of strangers, inspected by a sandboxed child process."""
